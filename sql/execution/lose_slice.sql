-- Takes a slice from a worker that has died, and gives it back as batch.finish_slice does. Items
-- that were in hand (they hold a claim: see batch.admit_items) count it as a loss: one of them may
-- be what the worker died of.
--
-- Locks the job, then the slice. If the worker does not hold the slice any more nothing changes, so
-- calling twice is safe.
create or replace function batch.lose_slice(p_job_id uuid, p_first_seq int, p_worker_id bigint)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_last_seq int;
begin
  perform from batch.jobs as j where j.id = p_job_id for no key update;

  select s.last_seq into v_last_seq
  from batch.slices as s
  where s.job_id = p_job_id and s.first_seq = p_first_seq and s.worker_id = p_worker_id
  for update;

  if not found then
    return;
  end if;

  insert into batch.item_losses as l (job_id, seq, losses)
  select distinct c.job_id, c.seq, 1
  from batch.claims as c
  where c.job_id = p_job_id and c.seq between p_first_seq and v_last_seq
  order by c.job_id, c.seq
  on conflict (job_id, seq) do update set losses = l.losses + 1;

  perform batch.finish_slice(p_job_id, p_first_seq, p_worker_id);
end;
$$;
