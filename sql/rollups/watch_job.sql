-- Everything about a job that somebody wants to see who watches it run: cheap enough to ask for
-- several times a second.
--
-- job is as batch.job_json writes it. p_since is an earlier answer: itemsPerSecond is the pace from
-- then until now; without it, and of an ended job, that of the whole time it was at work. hasEnded
-- says that no worker has anything of it in hand any more, so that its counts are final; where a
-- worker died with an ended job in hand, that is taken for granted after half a minute. lastEvent
-- says who did what last, liveWorkers how many workers there are that could do something.
--
-- Raises BJ404 if there is no such job.
create or replace function batch.watch_job(p_job_id uuid, p_since json default null)
returns json
language plpgsql
stable
set search_path = ''
as $$
declare
  v_now timestamptz := batch.clock();
  v_job batch.batch_jobs;
  v_ended int;
  v_active_seconds numeric;
  v_seconds numeric;
begin
  select v.* into v_job from batch.batch_jobs as v where v.id = p_job_id;

  if not found then
    raise exception using errcode = 'BJ404', message = format('no batch job %s', p_job_id);
  end if;

  select
    v_job.processed_items + v_job.failed_items + v_job.skipped_items - j.skipped_at_plan,
    extract(epoch from j.active_before + coalesce(v_now - j.active_since, '0'))
  into v_ended, v_active_seconds
  from batch.jobs as j
  where j.id = p_job_id;

  if v_job.completed_at is not null then
    p_since := null;
  end if;

  v_seconds := v_active_seconds - coalesce((p_since ->> 'activeSeconds')::numeric, 0);

  return json_build_object(
    'at', batch.iso_time(v_now),
    'job', batch.job_json(v_job),
    'hasEnded',
      v_job.completed_at is not null
      and (
        v_job.completed_at < v_now - interval '30 seconds'
        or not exists (
          select from batch.slices as s where s.job_id = p_job_id and s.state <> 'done'
        )
      ),
    'endedItems', v_ended,
    'activeSeconds', round(v_active_seconds, 3),
    'itemsPerSecond',
      case when v_seconds > 0 and v_job.status not in ('pending', 'paused') then round(
        (v_ended - coalesce((p_since ->> 'endedItems')::int, 0)) / v_seconds, 2
      ) end,
    'secondsLeft', round(extract(epoch from v_job.estimated_completion - v_now), 1),
    'lastEvent', (
      select batch.event_json(e)
      from batch.job_events as e
      where e.job_id = p_job_id
      order by e.id desc
      limit 1
    ),
    'liveWorkers', (select count(*) from batch.live_workers()),
    'workers', batch.working_json(p_job_id),
    'lastFailures', batch.last_failures(p_job_id, 5)
  );
end;
$$;
