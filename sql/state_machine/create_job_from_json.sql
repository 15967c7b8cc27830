-- Creates a job from a request as the REST API takes it, and queues its planning, in one
-- transaction. Takes milliseconds however many messages match. Returns the job's id.
--
-- p_instance_ids are the only instances that the caller may see, null: all. With p_retry_of the
-- job is about the items that failed in that one, of what the request asks for.
--
-- Raises BJ422 with every problem as a JSON list in the detail, BJ404 if the chat or the
-- instance does not exist.
create or replace function batch.create_job_from_json(
  p_request jsonb, p_instance_ids uuid[] default null, p_retry_of uuid default null
)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_job batch.jobs := batch.read_request(p_request, p_instance_ids);
begin
  if (p_request ->> 'dryRun')::boolean then
    perform batch.refuse_field('dryRun', 'nothing is created in a dry run: ask for an estimate');
  end if;

  insert into batch.jobs as j (
    job_type, instance_id, chat_id, content_types, days_back, item_limit, is_forced, language,
    max_cost_usd, failure_threshold, priority, lanes, callback_url, metadata, retry_of,
    request_params, status_changed_at, created_at
  )
  values (
    v_job.job_type, v_job.instance_id, v_job.chat_id, v_job.content_types, v_job.days_back,
    v_job.item_limit, v_job.is_forced, v_job.language,
    v_job.max_cost_usd, v_job.failure_threshold, v_job.priority, v_job.lanes, v_job.callback_url,
    v_job.metadata, p_retry_of,
    v_job.request_params || jsonb_strip_nulls(jsonb_build_object('retryOf', p_retry_of)),
    batch.clock(), batch.clock()
  )
  returning j.* into v_job;

  insert into batch.job_events (job_id, type, actor, details, created_at)
  values (v_job.id, 'created', batch.actor(), v_job.request_params, batch.clock());

  perform batch.defer_task(
    'plan_job', v_job.priority * 10 + 9, jsonb_build_object('job_id', v_job.id)
  );
  perform batch.notify_job(v_job.id);
  return v_job.id;
end;
$$;
