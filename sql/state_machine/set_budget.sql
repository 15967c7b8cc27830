-- Sets or lifts (null) what a job may cost. A job that waits because its budget was spent goes on
-- when the new one is larger than what it has spent. Setting the same twice changes nothing.
--
-- Raises BJ404 if there is no such job, BJ409 if it has ended.
create or replace function batch.set_budget(p_job_id uuid, p_max_cost_usd numeric)
returns batch.jobs
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_job batch.jobs;
  v_spent numeric;
begin
  select j.* into v_job from batch.jobs as j where j.id = p_job_id for no key update;

  if not found then
    raise exception using errcode = 'BJ404', message = format('no batch job %s', p_job_id);
  end if;

  if v_job.completed_at is not null then
    raise exception using
      errcode = 'BJ409', message = format('batch job %s is %s', p_job_id, v_job.status);
  end if;

  update batch.jobs as j
  set max_cost_usd = p_max_cost_usd
  where j.id = p_job_id
  returning j.* into v_job;

  select v.total_cost_usd into v_spent from batch.batch_jobs as v where v.id = p_job_id;

  if v_job.status = 'paused'
    and v_job.pause_reason = 'budget'
    and (p_max_cost_usd is null or p_max_cost_usd > v_spent)
  then
    v_job := batch.resume_job(p_job_id);
  end if;

  return v_job;
end;
$$;
