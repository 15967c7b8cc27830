-- What the items of a planned job are expected to cost and to last: kept with the job, to be held
-- against what they really took. p_counts says how many there are of each content type, as
-- batch.expectation takes it; lengths, pages and sizes are looked up for jobs of up to 50,000 items.
create or replace function batch.estimate_items(p_job batch.jobs, p_counts jsonb)
returns jsonb
language sql
stable
set search_path = ''
as $$
  with counted as (
    select p_counts as counts
    where p_job.total_items > 50000

    union all
    select batch.count_media(array_agg(i.content_type), array_agg(i.message_id))
    from batch.items as i
    where i.job_id = p_job.id and p_job.total_items <= 50000
    having p_job.total_items <= 50000
  ),

  expected as (
    select e.* from counted as c cross join lateral batch.expectation(c.counts) as e
  )

  select jsonb_build_object(
    'lowCostUsd', coalesce(sum(e.cost_low), 0),
    'estimatedCostUsd', coalesce(sum(e.cost), 0),
    'highCostUsd', coalesce(sum(e.cost_high), 0),
    'estimatedDurationSeconds', coalesce(sum(e.duration), 0),
    'unpricedItems', coalesce(sum(e.items) filter (where e.cost is null), 0),
    'providers', coalesce(
      jsonb_object_agg(e.content_type, e.provider || coalesce(' ' || e.model, ''))
        filter (where e.content_type is not null),
      '{}'
    )
  )
  from expected as e;
$$;
