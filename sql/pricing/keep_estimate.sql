-- Estimates a job that batch.plan_job has just planned, if it has not done so: lengths, pages and
-- sizes of up to 50,000 items are looked up here, while the first of them are at work already.
--
-- Locks the job's row once the estimate is known, and commits without waiting for the disk: slices
-- are being taken at this moment, and would wait for the lock. What a crash of PostgreSQL takes has
-- batch.requeue_lost_tasks made again. An estimate that is kept stays: calling twice is safe.
create or replace function batch.keep_estimate(p_job_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_estimate jsonb;
begin
  select batch.estimate_items(batch.count_media(
    array_agg(i.content_type), array_agg(i.message_id)
  ))
  into v_estimate
  from batch.jobs as j
  join batch.items as i on i.job_id = j.id
  where j.id = p_job_id and j.estimate is null;

  perform set_config('synchronous_commit', 'off', true);

  update batch.jobs as j
  set estimate = v_estimate
  where j.id = p_job_id and j.estimate is null and j.status <> 'pending';
end;
$$;
