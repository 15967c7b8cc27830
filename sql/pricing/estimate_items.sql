-- What the items of a planned job are expected to cost and to last: kept with the job, to be held
-- against what they really took. p_counts says how many there are of each content type, and what
-- is known of them, as batch.expectation takes it.
create or replace function batch.estimate_items(p_counts jsonb)
returns jsonb
language sql
stable
set search_path = ''
as $$
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
  from batch.expectation(p_counts) as e;
$$;
