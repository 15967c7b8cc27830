-- What the items of a planned job are expected to cost and to last: kept with the job, to be held
-- against what they really took. Lengths of sounds are looked up for jobs of up to 50,000 items.
--
-- The planner knows nothing yet of items that were just inserted, and would read all messages:
-- it is told to look them up one by one.
create or replace function batch.estimate_items(p_job batch.jobs)
returns jsonb
language sql
stable
set search_path = ''
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
  with counted as (
    select i.content_type, count(*) as items, null::numeric as seconds, 0::bigint as timed
    from batch.items as i
    where i.job_id = p_job.id and p_job.total_items > 50000
    group by i.content_type

    union all
    select i.content_type, count(*), sum(length.seconds), count(length.seconds)
    from batch.items as i
    left join public.messages as m
      on m.id = i.message_id and i.content_type in ('audio', 'video')
    cross join lateral (select batch.media_seconds(m.media_metadata) as seconds) as length
    where i.job_id = p_job.id and p_job.total_items <= 50000
    group by i.content_type
  ),

  expected as (
    select e.*
    from batch.expectation((
      select coalesce(jsonb_object_agg(c.content_type, jsonb_build_object(
        'items', c.items, 'seconds', c.seconds, 'timed', c.timed
      )), '{}')
      from counted as c
    )) as e
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
