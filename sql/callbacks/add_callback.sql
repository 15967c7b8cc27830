-- Queues the call of a job's callbackUrl for the status that it has now, if it has one, and tells
-- the workers. The counts are those of this moment: an ended job is told of once the last result
-- is counted (see batch.settle_job).
--
-- A job ends once, so calling twice for an ended job is safe; every pause is an event of its own.
-- The caller holds the lock on the job's row.
create or replace function batch.add_callback(p_job_id uuid)
returns void
language sql
volatile
set search_path = ''
as $$
  with added as (
    insert into batch.callbacks (job_id, type, url, payload, created_at, next_attempt_at)
    select
      j.id,
      'batch_job.' || j.status,
      j.callback_url,
      json_build_object(
        'type', 'batch_job.' || j.status,
        'timestamp', batch.iso_time(j.status_changed_at),
        'data', batch.job_json(v)
      )::text,
      batch.clock(),
      batch.clock()
    from batch.jobs as j
    join batch.batch_jobs as v on v.id = j.id
    where j.id = p_job_id and j.callback_url is not null
    on conflict (job_id) where type <> 'batch_job.paused' do nothing
    returning job_id
  )

  select pg_notify('batch_callbacks', a.job_id::text) from added as a;
$$;
