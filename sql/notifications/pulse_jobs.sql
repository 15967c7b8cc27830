-- Tells the progress of jobs, each at most four times a second however many workers ask.
-- Returns the jobs that it told of; the others were told a moment ago: ask again later.
--
-- Locks the jobs' pulse rows and passes over those that another worker holds, so it never waits.
-- A job of which too many items fail is paused here too: see batch.hold_if_failing.
--
-- Called apart from the recording of results: a NOTIFY makes its transaction's commit wait for
-- every other commit that has one.
create or replace function batch.pulse_jobs(p_job_ids uuid[])
returns setof uuid
language sql
volatile
set search_path = ''
as $$
  select batch.hold_if_failing(j.id)
  from batch.jobs as j
  where j.id = any (p_job_ids) and j.failure_threshold is not null and j.status = 'processing';

  with due as (
    select p.job_id
    from batch.job_pulses as p
    where p.job_id = any (p_job_ids) and p.sent_at <= batch.clock() - interval '250 ms'
    for update skip locked
  ),

  told as (
    update batch.job_pulses as p
    set sent_at = batch.clock()
    from due as d
    where p.job_id = d.job_id
    returning p.job_id
  )

  select t.job_id
  from told as t
  cross join lateral batch.notify_job(t.job_id);
$$;
