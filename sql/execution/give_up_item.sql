-- A worker gives up an item that it has in hand, without a result. What was billed for it, or may
-- have been, is kept in batch.billed_attempts and is in the job's total from now on; it becomes
-- part of the item's result when somebody makes it. With a reason for people, the job is paused:
-- no provider can be had. Not so if it was resumed after the slice had been taken: what was found
-- out before is put right perhaps, and whoever takes the slice next asks anew.
--
-- p_usage lists what its requests used, as batch.cost_of_usage takes it. p_report is a number of
-- the worker's own, under which it counts once: calling twice is safe. A worker that does not hold
-- the item's slice (it was given to another) adds nothing, as with results.
--
-- Locks the job if it pauses it, then the slice in share mode: it is not given away meanwhile.
create or replace function batch.give_up_item(
  p_worker_id bigint, p_job_id uuid, p_first_seq int, p_seq int, p_report uuid, p_usage jsonb,
  p_reason text
)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_taken_at timestamptz;
begin
  if p_reason is not null then
    perform from batch.jobs as j where j.id = p_job_id for no key update;
  end if;

  select s.taken_at into v_taken_at
  from batch.slices as s
  where s.job_id = p_job_id
    and s.first_seq = p_first_seq
    and s.worker_id = p_worker_id
    and p_seq between s.first_seq and s.last_seq
  for share;

  if found then
    perform batch.add_attempts(p_worker_id, p_job_id, p_seq, p_report, p_usage);
  end if;

  if p_reason is not null and not exists (
    select from batch.jobs as j where j.id = p_job_id and j.active_since > v_taken_at
  ) then
    perform batch.hold_job(p_job_id, 'providers', p_reason);
  end if;
end;
$$;
