-- Up to p_limit items of a job from behind p_after, in its order, for a report of all of them:
-- asked for again and again, a job of a million items is read in constant memory and holds no
-- transaction open.
create or replace function batch.report_items(
  p_job_id uuid, p_after int, p_limit int, p_with_text boolean default false
)
returns table (seq int, item json)
language sql
stable
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
  select page.seq, batch.item_json(page.item, p_with_text)
  from (
    select i.seq, i as item
    from batch.items as i
    where i.job_id = p_job_id and i.seq > p_after
    order by i.seq
    limit p_limit
  ) as page
  order by page.seq;
$$;
