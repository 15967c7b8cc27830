-- An estimate as the REST API writes it, from what was counted of each content type
-- ({found, alreadyDone, and what batch.expectation takes}). Costs whose price is not known are
-- null, and a warning says so: nothing is silently free.
create or replace function batch.estimate_json(p_job batch.jobs, p_types jsonb)
returns json
language sql
stable
set search_path = ''
as $$
  with expected as (
    select e.*, p_types -> e.content_type::text as counted from batch.expectation(p_types) as e
  ),

  live as (
    select w.capacity from batch.live_workers() as w
  ),

  warnings as (
    select format(
      '%s %s would fail with no_provider: no running worker can process them',
      e.items, e.content_type || case when e.items = 1 then ' item' else ' items' end
    ) as warning
    from expected as e
    where e.items > 0
      and (select sum((l.capacity ->> e.content_type::text)::numeric) from live as l) = 0

    union all
    select format(
      'the price of %s %s is not known: %s %s not in the cost (backscroll prices sync)',
      e.provider, e.model, e.items,
      e.content_type || case when e.items = 1 then ' item is' else ' items are' end
    )
    from expected as e
    where e.items > 0 and e.cost is null

    union all
    select format(
      'with maxCostUsd the job would pause before the first %s item: %s %s has no price',
      e.content_type, e.provider, e.model
    )
    from expected as e
    where e.items > 0 and e.cost is null and p_job.max_cost_usd is not null

    union all
    select 'no worker is running: the job would wait for one' where not exists (select from live)
  )

  select json_build_object(
    'jobType', p_job.job_type,
    'instanceId', p_job.instance_id,
    'chatId', p_job.chat_id,
    'totalFound', sum((e.counted ->> 'found')::bigint),
    'skippedItems',
      case when p_job.is_forced then 0 else sum((e.counted ->> 'alreadyDone')::bigint) end,
    'totalItems', sum(e.items),
    'audioCount', coalesce(sum(e.items) filter (where e.content_type = 'audio'), 0),
    'imageCount', coalesce(sum(e.items) filter (where e.content_type = 'image'), 0),
    'videoCount', coalesce(sum(e.items) filter (where e.content_type = 'video'), 0),
    'documentCount', coalesce(sum(e.items) filter (where e.content_type = 'document'), 0),
    'contentTypes', json_object_agg(e.content_type, json_build_object(
      'found', e.counted -> 'found',
      'alreadyDone', e.counted -> 'alreadyDone',
      'toProcess', e.items,
      'knownSeconds', e.seconds_known,
      'knownPages', e.counted -> 'pages',
      'knownBytes', e.counted -> 'bytes',
      'provider', e.provider,
      'model', e.model,
      'lowCostUsd', e.cost_low,
      'estimatedCostUsd', e.cost,
      'highCostUsd', e.cost_high,
      'lowDurationSeconds', e.duration_low,
      'estimatedDurationSeconds', e.duration,
      'highDurationSeconds', e.duration_high
    )),
    'lowCostUsd', coalesce(sum(e.cost_low), 0),
    'estimatedCostUsd', coalesce(sum(e.cost), 0),
    'highCostUsd', coalesce(sum(e.cost_high), 0),
    'lowDurationSeconds', sum(e.duration_low),
    'estimatedDurationSeconds', sum(e.duration),
    'highDurationSeconds', sum(e.duration_high),
    'estimatedDurationMinutes', round(sum(e.duration) / 60, 2),
    'warnings', (select coalesce(json_agg(w.warning), '[]') from warnings as w)
  )
  from expected as e;
$$;
