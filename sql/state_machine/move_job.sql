-- Moves a job along one edge of batch.job_moves, writes it into the job's events and tells it.
-- Nothing else writes jobs.status.
--
-- Locks the job first, so of two callers the later judges what the earlier left.
-- Moving to the status a job already has changes nothing: calling twice is safe.
--
-- Raises BJ404 if there is no such job, BJ409 if there is no such move.
create or replace function batch.move_job(
  p_job_id uuid, p_to batch.job_status, p_details jsonb default '{}'
)
returns batch.jobs
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_job batch.jobs;
  v_from batch.job_status;
begin
  select j.* into v_job from batch.jobs as j where j.id = p_job_id for update;

  if not found then
    raise exception using errcode = 'BJ404', message = format('no batch job %s', p_job_id);
  end if;

  if v_job.status = p_to then
    return v_job;
  end if;

  if not exists (
    select from batch.job_moves as m where m.from_status = v_job.status and m.to_status = p_to
  ) then
    raise exception using
      errcode = 'BJ409',
      message = format('batch job %s cannot go from %s to %s', p_job_id, v_job.status, p_to),
      hint = 'batch.job_moves lists the moves that are allowed.';
  end if;

  v_from := v_job.status;

  update batch.jobs as j
  set
    status = p_to,
    status_changed_at = batch.clock(),
    started_at = coalesce(j.started_at, case p_to when 'processing' then batch.clock() end),
    completed_at = case when p_to in ('completed', 'failed', 'cancelled') then batch.clock() end,
    active_since = case p_to when 'processing' then batch.clock() end,
    active_before = j.active_before + coalesce(batch.clock() - j.active_since, '0')
  where j.id = p_job_id
  returning j.* into v_job;

  insert into batch.job_events (job_id, type, actor, details, created_at)
  values (
    p_job_id,
    case when p_to = 'processing' then case v_from when 'pending' then 'planned' else 'resumed' end
    else p_to::text end,
    batch.actor(), p_details, batch.clock()
  );

  -- Workers listen to this alone: the progress of every job would be much to read.
  if p_to <> 'processing' then
    perform pg_notify('batch_stops', json_build_object(
      'jobId', p_job_id, 'hasEnded', v_job.completed_at is not null
    )::text);
  end if;

  perform batch.notify_job(p_job_id);
  return v_job;
end;
$$;
