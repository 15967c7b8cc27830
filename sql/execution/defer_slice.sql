-- Queues a slice at the tail, so that the slices of several jobs take turns. A job's first 32 items
-- go before what runs already, in however many slices they are: as many as the first slice of a
-- huge job has. So a small job starts beside a huge one, and ends.
create or replace function batch.defer_slice(p_job batch.jobs, p_slice batch.slices)
returns void
language sql
volatile
set search_path = ''
as $$
  select batch.defer_task(
    'process_slice',
    p_job.priority * 10
      + case when p_slice.first_seq <= 32 and p_slice.attempts = 0 then 5 else 0 end,
    jsonb_build_object(
      'job_id', p_job.id, 'first_seq', p_slice.first_seq, 'last_seq', p_slice.last_seq
    )
  );
$$;
