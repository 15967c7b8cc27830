-- Queues a slice at the tail, so that the slices of several jobs take turns. The one that begins
-- a job goes before those of jobs that run already: a small job starts beside a huge one.
create or replace function batch.defer_slice(p_job batch.jobs, p_slice batch.slices)
returns void
language sql
volatile
set search_path = ''
as $$
  select batch.defer_task(
    'process_slice',
    p_job.priority * 10
      + case when p_slice.first_seq = 1 and p_slice.attempts = 0 then 5 else 0 end,
    jsonb_build_object(
      'job_id', p_job.id, 'first_seq', p_slice.first_seq, 'last_seq', p_slice.last_seq
    )
  );
$$;
