-- Resumes a paused job where it stopped: its waiting slices are queued again, except those whose
-- task still stands in the queue. Those that were in hand when it was paused queue themselves
-- when their worker gives them back. Resuming a processing job changes nothing.
--
-- Raises BJ404 if there is no such job, BJ409 if it is not paused.
create or replace function batch.resume_job(p_job_id uuid)
returns batch.jobs
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_job batch.jobs;
  v_was_paused boolean;
begin
  select j.* into v_job from batch.jobs as j where j.id = p_job_id for no key update;

  -- The move from pending to processing exists, but planning makes it.
  if v_job.status not in ('processing', 'paused') then
    raise exception using
      errcode = 'BJ409',
      message = format('batch job %s is %s and cannot be resumed', p_job_id, v_job.status),
      hint = 'Only paused jobs can be resumed.';
  end if;

  v_was_paused := v_job.status = 'paused';

  if v_job.pause_reason = 'failures' then
    update batch.jobs as j
    set ended_before = v.processed_items + v.failed_items, failed_before = v.failed_items
    from batch.batch_jobs as v
    where v.id = j.id and j.id = p_job_id;
  end if;

  v_job := batch.move_job(p_job_id, 'processing');

  if v_was_paused then
    perform batch.defer_slice(v_job, s)
    from batch.slices as s
    where s.job_id = p_job_id
      and s.state = 'queued'
      and not exists (
        select
        from procrastinate.procrastinate_jobs as q
        where q.queue_name = 'backscroll'
          and q.status in ('todo', 'doing')
          and q.task_name = 'process_slice'
          and q.args ->> 'job_id' = p_job_id::text
          and (q.args ->> 'first_seq')::int = s.first_seq
      )
    order by s.first_seq;

    perform batch.open_slices(p_job_id);
    perform batch.settle_job(p_job_id);
  end if;

  return v_job;
end;
$$;
