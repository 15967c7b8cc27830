-- What a request would do, as POST /api/v1/batch-jobs/estimate answers: for each content type
-- how many messages are in scope, how many of them have content already, how many would be
-- processed, and what that is expected to cost and to last. Creates nothing.
--
-- Durations count the workers that live now, or one of two cores if there is none.
-- Raises what batch.read_request raises.
create or replace function batch.estimate_job(p_request jsonb)
returns json
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
declare
  v_job batch.jobs := batch.read_request(p_request);
  v_estimate json;
begin
  with found as materialized (
    select s.message_id, s.content_type, s.platform_timestamp, s.has_content
    from batch.select_media(
      case v_job.job_type when 'time_based_batch' then v_job.instance_id end,
      v_job.chat_id,
      batch.clock() at time zone 'UTC' - make_interval(days => v_job.days_back),
      v_job.content_types
    ) as s
  ),

  chosen as (
    select newest.content_type, count(*) as items
    from (
      select f.content_type
      from found as f
      where v_job.is_forced or not f.has_content
      order by f.platform_timestamp desc, f.message_id desc
      limit v_job.item_limit
    ) as newest
    group by newest.content_type
  ),

  in_scope as (
    select f.content_type, count(*) as found, count(*) filter (where f.has_content) as have_content
    from found as f
    group by f.content_type
  ),

  capacities as (
    select c.key::batch.content_type as content_type, sum(c.value::numeric) as at_a_time
    from batch.workers as w
    cross join lateral jsonb_each_text(w.capacity) as c
    where w.stopped_at is null and w.last_seen_at > batch.clock() - interval '1 minute'
    group by c.key
  ),

  types as (
    select
      t.content_type,
      coalesce(s.found, 0) as found,
      coalesce(s.have_content, 0) as have_content,
      coalesce(n.items, 0) as items,
      round(coalesce(n.items, 0) * usual.cost_usd, 8) as cost_usd,
      round(
        coalesce(n.items, 0) * usual.processing_ms / 1000
          / greatest(coalesce(c.at_a_time, 1), 1),
        1
      ) as seconds,
      c.at_a_time
    from unnest(v_job.content_types) as t (content_type)
    left join in_scope as s on s.content_type = t.content_type
    left join chosen as n on n.content_type = t.content_type
    left join capacities as c on c.content_type = t.content_type
    cross join lateral batch.usual_item(t.content_type) as usual
  ),

  warnings as (
    select format(
      '%s %s items would fail with no_provider: no running worker can process them',
      t.items, t.content_type
    ) as warning
    from types as t
    where t.items > 0 and t.at_a_time = 0
    union all
    select 'no worker is running: the job would wait for one'
    where not exists (select from capacities)
  )

  select json_build_object(
    'jobType', v_job.job_type,
    'instanceId', v_job.instance_id,
    'chatId', v_job.chat_id,
    'totalFound', sum(t.found),
    'skippedItems', case when v_job.is_forced then 0 else sum(t.have_content) end,
    'totalItems', sum(t.items),
    'audioCount', coalesce(sum(t.items) filter (where t.content_type = 'audio'), 0),
    'imageCount', coalesce(sum(t.items) filter (where t.content_type = 'image'), 0),
    'videoCount', coalesce(sum(t.items) filter (where t.content_type = 'video'), 0),
    'documentCount', coalesce(sum(t.items) filter (where t.content_type = 'document'), 0),
    'contentTypes', json_object_agg(t.content_type, json_build_object(
      'found', t.found,
      'alreadyDone', t.have_content,
      'toProcess', t.items,
      'estimatedCostUsd', t.cost_usd,
      'estimatedDurationSeconds', t.seconds
    )),
    'estimatedCostUsd', sum(t.cost_usd),
    'estimatedDurationSeconds', sum(t.seconds),
    'estimatedDurationMinutes', round(sum(t.seconds) / 60, 2),
    'warnings', (select coalesce(json_agg(w.warning), '[]') from warnings as w)
  )
  into v_estimate
  from types as t;

  return v_estimate;
end;
$$;
