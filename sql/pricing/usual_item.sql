-- What an item of a content type takes: by the results of that type among the first 500 of each
-- of the last ten jobs (so that the cost of asking has a bound, however large those are); before
-- there are any, by what was measured on two cores.
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
    from (
      select r.job_id, r.seq, r.processing_ms, r.cost_usd, r.status
      from batch.item_results as r
      where r.job_id = job.id
      order by r.seq
      limit 500
    ) as r
    cross join lateral (
      select i.content_type
      from batch.items as i
      where i.job_id = r.job_id and i.seq = r.seq
      limit 1
    ) as i
    where i.content_type = p_content_type and r.status = 'processed'
  ) as recent;
$$;
