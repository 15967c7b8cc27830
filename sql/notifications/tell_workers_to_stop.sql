-- Tells the workers that a job wants no more work now, or no more at all. They listen to this
-- channel alone: the progress of every job would be much to read. A worker that misses it learns
-- the same from its next heartbeat.
create or replace function batch.tell_workers_to_stop(p_job_id uuid, p_has_ended boolean)
returns void
language sql
volatile
set search_path = ''
as $$
  select pg_notify(
    'batch_stops', json_build_object('jobId', p_job_id, 'hasEnded', p_has_ended)::text
  );
$$;
