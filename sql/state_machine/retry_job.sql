-- Creates a job of the items that failed in an ended one, with the same parameters except those
-- that p_overrides gives. Null takes a parameter back: {"maxCostUsd": null} lifts the limit.
-- Returns the new job's id.
--
-- Raises BJ404 if there is no such job, BJ409 if it has not ended or nothing in it has failed, and
-- BJ422 for overrides that cannot be used.
create or replace function batch.retry_job(
  p_job_id uuid, p_overrides jsonb default '{}', p_instance_ids uuid[] default null
)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_job batch.jobs;
  v_problems jsonb;
begin
  select j.* into v_job from batch.jobs as j where j.id = p_job_id;

  if not found then
    raise exception using errcode = 'BJ404', message = format('no batch job %s', p_job_id);
  end if;

  select jsonb_agg(jsonb_build_object('field', p.field, 'problem', p.problem)) into v_problems
  from batch.field_problems(
    p_overrides,
    '{contentTypes,limit,language,maxCostUsd,failureThreshold,priority,lanes,callbackUrl,metadata}'
  ) as p;

  perform batch.refuse(v_problems);

  if v_job.completed_at is null then
    raise exception using
      errcode = 'BJ409', message = format('batch job %s is %s', p_job_id, v_job.status),
      hint = 'Only the failed items of an ended job can be retried.';
  end if;

  if not exists (
    select from batch.item_results as r where r.job_id = p_job_id and r.status = 'failed'
  ) then
    raise exception using
      errcode = 'BJ409', message = format('no item of batch job %s has failed', p_job_id);
  end if;

  return batch.create_job_from_json(
    -- A limit of the first job has been applied already.
    jsonb_strip_nulls(
      (v_job.request_params - '{retryOf,limit}'::text[]
        || jsonb_build_object('chatId', v_job.chat_id, 'instanceId', v_job.instance_id))
      || p_overrides
    ),
    p_instance_ids,
    p_job_id
  );
end;
$$;
