-- Moves a job along one edge of batch.job_moves, writes it into the job's events and tells it.
-- Nothing else writes jobs.status. (Its callbackUrl is told of an end by batch.settle_job.)
--
-- Locks the job first, so of two callers the later judges what the earlier left. The lock leaves
-- the key free (`no key`), so that workers can go on counting results of the job meanwhile.
-- Moving to the status a job already has changes nothing: calling twice is safe.
--
-- Raises BJ404 if there is no such job, BJ409 if there is no such move.
create or replace function batch.move_job(
  p_job_id uuid, p_to batch.job_state, p_details jsonb default '{}'
)
returns batch.jobs
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_job batch.jobs;
  v_from batch.job_state;
  v_now timestamptz;
begin
  select j.* into v_job from batch.jobs as j where j.id = p_job_id for no key update;

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
      hint = (
        select coalesce(
          'Only ' || string_agg(m.from_status::text, ' or ' order by m.from_status) || ' jobs can.',
          'No job can.'
        )
        from batch.job_moves as m
        where m.to_status = p_to
      );
  end if;

  v_from := v_job.status;

  -- A statement that began earlier may come later: the times of a job never run backwards.
  v_now := greatest(batch.clock(), v_job.status_changed_at);

  update batch.jobs as j
  set
    status = p_to,
    status_changed_at = v_now,
    started_at = coalesce(j.started_at, case p_to when 'processing' then v_now end),
    completed_at = case when p_to in ('completed', 'failed', 'cancelled') then v_now end,
    active_since = case p_to when 'processing' then v_now end,
    active_before = j.active_before + coalesce(v_now - j.active_since, '0'),
    pause_reason = case p_to when 'paused' then j.pause_reason end,
    pause_message = case p_to when 'paused' then j.pause_message end
  where j.id = p_job_id
  returning j.* into v_job;

  insert into batch.job_events (job_id, type, actor, details, created_at)
  values (
    p_job_id,
    case when p_to = 'processing' then case v_from when 'pending' then 'planned' else 'resumed' end
    else p_to::text end,
    batch.actor(), p_details, v_now
  );

  if p_to <> 'processing' then
    perform batch.tell_workers_to_stop(p_job_id, v_job.completed_at is not null);
  end if;

  if p_to = 'paused' then
    perform batch.add_callback(p_job_id);
  end if;

  perform batch.notify_job(p_job_id);
  return v_job;
end;
$$;
