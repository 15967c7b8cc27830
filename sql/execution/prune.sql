-- Deletes what is older than p_keep and nobody needs to go on: items, results, events, callbacks
-- and slices of ended jobs, whose rows stay with their totals, and workers that are gone.
-- Idempotency keys go after a day. Deletes at most p_rows rows of each kind at a time, so that it
-- never holds anything for long; returns how many it deleted, 0 once there is nothing left to
-- delete.
--
-- An advisory lock lets one at a time work and sends the others away. Calling twice is safe.
create or replace function batch.prune(p_keep interval, p_rows int default 10000)
returns int
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_job_id uuid;
  v_deleted int := 0;
  v_rows int;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('batch.prune', 0)) then
    return 0;
  end if;

  delete from batch.idempotency_keys as k
  where (k.api_key_id, k.idempotency_key) in (
    select old.api_key_id, old.idempotency_key
    from batch.idempotency_keys as old
    where old.created_at <= batch.clock() - interval '24 hours'
    limit p_rows
  );
  get diagnostics v_deleted = row_count;

  perform batch.retire_meters();

  delete from batch.workers as w
  where w.last_seen_at < batch.clock() - p_keep
    and not exists (select from batch.slices as s where s.worker_id = w.id);
  get diagnostics v_rows = row_count;
  v_deleted := v_deleted + v_rows;

  select j.id into v_job_id
  from batch.prunable_jobs(p_keep) as p
  join batch.jobs as j on j.id = p.job_id
  order by j.completed_at
  limit 1;

  if not found then
    return v_deleted;
  end if;

  update batch.jobs as j
  set prune_began_at = batch.clock()
  where j.id = v_job_id and j.prune_began_at is null;

  v_rows := batch.prune_job(v_job_id, p_rows);

  if v_rows = 0 then
    update batch.jobs as j set pruned_at = batch.clock() where j.id = v_job_id;
    v_rows := 1;
  end if;

  return v_deleted + v_rows;
end;
$$;
