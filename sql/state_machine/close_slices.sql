-- Closes the slices of an ended job that nobody works on; those in hand are closed when they are
-- given back. The caller holds the lock on the job's row. Calling twice changes nothing.
create or replace function batch.close_slices(p_job_id uuid)
returns void
language sql
volatile
set search_path = ''
as $$
  update batch.slices as s
  set state = 'done', finished_at = batch.clock()
  where s.job_id = p_job_id and s.state = 'queued';

  select batch.settle_job(p_job_id);
$$;
