-- A worker says that it lives. Returns the jobs of its running slices that want no more work,
-- and whether for good: what a lost NOTIFY would have told it.
--
-- p_meters is what it counts of itself since it started, for batch.metrics; null: as before.
--
-- After half of p_timeout in which the database was up and did not hear it, alive_since begins
-- anew: see batch.sweep.
create or replace function batch.heartbeat(
  p_worker_id bigint, p_timeout interval, p_meters jsonb default null
)
returns table (job_id uuid, has_ended boolean)
language sql
volatile
set search_path = ''
as $$
  update batch.workers as w
  set
    alive_since = case
      when greatest(w.last_seen_at, batch.up_since()) < batch.clock() - p_timeout / 2
        then batch.clock()
      else w.alive_since
    end,
    last_seen_at = batch.clock(),
    meters = coalesce(p_meters, w.meters),
    stopped_at = null
  where w.id = p_worker_id;

  select distinct j.id, j.completed_at is not null
  from batch.slices as s
  join batch.jobs as j on j.id = s.job_id
  where s.state <> 'done' and s.worker_id = p_worker_id and j.status <> 'processing';
$$;
