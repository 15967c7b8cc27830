-- Pauses a processing job: no item of it begins until it is resumed; what is in hand ends and
-- counts. Pausing a paused job changes nothing.
--
-- Raises BJ404 if there is no such job, BJ409 if it is not processing.
create or replace function batch.pause_job(p_job_id uuid)
returns batch.jobs
language sql
volatile
set search_path = ''
as $$
  select batch.move_job(p_job_id, 'paused');
$$;
