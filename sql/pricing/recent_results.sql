-- What was processed of a content type lately, and what each took: of the last ten jobs the first
-- results, up to 500 of each. Bounded, so that of a type that a large job has none of, not all its
-- items are read. What was made before and only copied took nothing.
create or replace function batch.recent_results(p_content_type batch.content_type)
returns table (
  provider text, model text, ms numeric, cost_usd numeric, seconds numeric, pages numeric,
  bytes numeric
)
language sql
stable
set search_path = ''
as $$
  select
    r.provider, r.model, r.processing_ms, r.cost_usd, r.media_seconds, r.media_pages,
    r.media_bytes
  from (
    select j.id from batch.jobs as j where j.total_items > 0 order by j.created_at desc limit 10
  ) as job
  cross join lateral (
    select r.* from batch.item_results as r where r.job_id = job.id order by r.seq limit 500
  ) as r
  cross join lateral (
    select i.content_type from batch.items as i where i.job_id = r.job_id and i.seq = r.seq limit 1
  ) as i
  where i.content_type = p_content_type and r.status = 'processed' and not r.is_reused;
$$;
