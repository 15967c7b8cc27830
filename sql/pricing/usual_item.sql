-- What an item of a content type takes: by the newest results of that type, up to 200 from each
-- of the last ten jobs; before there are any, by what was measured on two cores.
create or replace function batch.usual_item(
  p_content_type batch.content_type, out processing_ms numeric, out cost_usd numeric
)
language sql
stable
set search_path = ''
as $$
  select
    coalesce(avg(recent.processing_ms), case p_content_type
      when 'audio' then 1500
      when 'image' then 700
      when 'video' then 5000
      when 'document' then 60
    end),
    coalesce(avg(recent.cost_usd), 0)
  from (
    select j.id from batch.jobs as j where j.total_items > 0 order by j.created_at desc limit 10
  ) as job
  cross join lateral (
    select r.processing_ms, r.cost_usd
    from batch.items as i
    join batch.item_results as r on r.job_id = i.job_id and r.seq = i.seq
    where i.job_id = job.id and i.content_type = p_content_type and r.status = 'processed'
    limit 200
  ) as recent;
$$;
