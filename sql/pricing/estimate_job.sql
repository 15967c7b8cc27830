-- What a request would do, as POST /api/v1/batch-jobs/estimate answers: for each content type
-- how many messages are in scope, how many of them have content already, how many would be
-- processed, and what that is expected to cost and to last (low, expected, high), with which
-- provider. Creates nothing.
--
-- p_sampled: the mean size in bytes of a sample of the files (batch.sample_media), where somebody
-- has the files at hand: {"audio": 41230}. It counts where metadata tell too few sizes.
-- Durations count the workers that live now, or one place of each kind if there is none.
-- Raises what batch.read_request raises.
create or replace function batch.estimate_job(
  p_request jsonb, p_instance_ids uuid[] default null, p_sampled jsonb default '{}'
)
returns json
language plpgsql
volatile
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
declare
  v_job batch.jobs := batch.read_request(p_request, p_instance_ids);
  v_types jsonb;
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
    select batch.count_media(
      array_agg(newest.content_type), array_agg(newest.message_id)
    ) as counts
    from (
      select f.content_type, f.message_id
      from found as f
      where v_job.is_forced or not f.has_content
      order by f.platform_timestamp desc, f.message_id desc
      limit v_job.item_limit
    ) as newest
  ),

  in_scope as (
    select f.content_type, count(*) as found, count(*) filter (where f.has_content) as have_content
    from found as f
    group by f.content_type
  )

  select jsonb_object_agg(t.content_type, jsonb_build_object(
    'items', 0,
    'found', coalesce(s.found, 0),
    'alreadyDone', coalesce(s.have_content, 0),
    'sampledBytes', p_sampled -> t.content_type::text
  ) || coalesce(c.counts -> t.content_type::text, '{}'))
  into v_types
  from unnest(v_job.content_types) as t (content_type)
  cross join chosen as c
  left join in_scope as s on s.content_type = t.content_type;

  return batch.estimate_json(v_job, v_types);
end;
$$;
