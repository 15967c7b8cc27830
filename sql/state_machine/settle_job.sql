-- Ends what has come to its end: a processing job without open slices or items left is completed;
-- a job that has ended and whose last slice was given back has its progress folded, and tells
-- its final counts, also to its callbackUrl. Otherwise changes nothing, so calling twice is safe.
--
-- The caller holds the lock on the job's row.
create or replace function batch.settle_job(p_job_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_job batch.jobs;
begin
  select j.* into strict v_job from batch.jobs as j where j.id = p_job_id;

  if exists (
    select from batch.slices as s where s.job_id = p_job_id and s.state <> 'done'
  ) then
    return;
  end if;

  if v_job.completed_at is not null then
    perform batch.fold_progress(p_job_id);
    perform batch.notify_job(p_job_id);
    perform batch.add_callback(p_job_id);
  elsif v_job.status = 'processing' and v_job.next_seq > v_job.total_items then
    perform batch.fold_progress(p_job_id);
    perform batch.move_job(p_job_id, 'completed');
    perform batch.add_callback(p_job_id);
  else
    return;
  end if;

  delete from batch.job_pulses as p where p.job_id = p_job_id;
end;
$$;
