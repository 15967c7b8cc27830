-- Cancels a job that has not ended. Once this has committed no item of it begins; what is in
-- hand gets a few seconds to end and is still recorded and counted.
--
-- Raises BJ404 if there is no such job, BJ409 if it has ended.
create or replace function batch.cancel_job(p_job_id uuid)
returns batch.jobs
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_job batch.jobs;
begin
  select j.* into v_job from batch.jobs as j where j.id = p_job_id for no key update;

  if v_job.completed_at is not null then
    raise exception using
      errcode = 'BJ409',
      message = format('batch job %s is %s and cannot be cancelled', p_job_id, v_job.status),
      hint = 'Only pending, processing and paused jobs can be cancelled.';
  end if;

  v_job := batch.move_job(p_job_id, 'cancelled');
  perform batch.close_slices(p_job_id);
  return v_job;
end;
$$;
