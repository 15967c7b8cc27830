-- Takes a slice from a worker that has died, and gives it back as batch.finish_slice does. Items
-- that were in hand count it as a loss: one of them may be what the worker died of. Those are the
-- ones that hold a claim (see batch.admit_items), and of content types that it asked nobody about
-- all that have no result; but over what one has died before, no worker goes on without asking.
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
  v_slice batch.slices;
begin
  perform from batch.jobs as j where j.id = p_job_id for no key update;

  select s.* into v_slice
  from batch.slices as s
  where s.job_id = p_job_id and s.first_seq = p_first_seq and s.worker_id = p_worker_id
  for update;

  if not found then
    return;
  end if;

  insert into batch.item_losses as l (job_id, seq, losses)
  select c.job_id, c.seq, 1
  from batch.claims as c
  where c.job_id = p_job_id and c.seq between p_first_seq and v_slice.last_seq
  union
  select i.job_id, i.seq, 1
  from batch.items as i
  where i.job_id = p_job_id
    and i.seq between p_first_seq and v_slice.last_seq
    and i.content_type = any (v_slice.unasked)
    and not exists (
      select from batch.item_results as r where r.job_id = i.job_id and r.seq = i.seq
    )
    and not exists (
      select from batch.item_losses as l where l.job_id = i.job_id and l.seq = i.seq
    )
  order by 1, 2
  on conflict (job_id, seq) do update set losses = l.losses + 1;

  perform batch.finish_slice(p_job_id, p_first_seq, p_worker_id);
end;
$$;
