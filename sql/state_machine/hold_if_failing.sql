-- Pauses a job of whose items more fail than its failureThreshold allows, once 100 have ended. A
-- job that was resumed after that is judged by what has ended since.
--
-- Locks the job's row if it pauses it. Calling twice is safe.
create or replace function batch.hold_if_failing(p_job_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_threshold numeric;
  v_ended int;
  v_failed int;
begin
  select
    j.failure_threshold,
    v.processed_items + v.failed_items - j.ended_before,
    v.failed_items - j.failed_before
  into v_threshold, v_ended, v_failed
  from batch.jobs as j
  join batch.batch_jobs as v on v.id = j.id
  where j.id = p_job_id and j.status = 'processing' and j.failure_threshold is not null;

  if v_ended >= 100 and v_failed > v_threshold * v_ended then
    perform batch.hold_job(p_job_id, 'failures', format(
      '%s of %s items failed, more than the share of %s that failureThreshold allows: see which and'
      ' why (details), then resume the job, or cancel it',
      v_failed, v_ended, v_threshold
    ));
  end if;
end;
$$;
