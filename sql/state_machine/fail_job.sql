-- Ends a job that itself cannot go on, with a reason that a person can read. (A job whose items
-- failed is still completed.) Failing an ended job is refused.
--
-- Raises BJ404 if there is no such job, BJ409 if it has ended otherwise.
create or replace function batch.fail_job(p_job_id uuid, p_reason text)
returns batch.jobs
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_job batch.jobs;
begin
  update batch.jobs as j
  set error_message = p_reason
  where j.id = p_job_id and j.completed_at is null;

  v_job := batch.move_job(p_job_id, 'failed', jsonb_build_object('reason', p_reason));
  perform batch.close_slices(p_job_id);
  return v_job;
end;
$$;
