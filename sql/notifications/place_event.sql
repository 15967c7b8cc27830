-- Gives an event its position when its transaction commits, and tells it on batch_events. So
-- positions follow the order of commits: when one can be seen, so can all before it. A job whose
-- last event this was is told once more, after it.
--
-- Runs deferred, as the last thing before the commit: the advisory lock lets one transaction at a
-- time go from here to its end, and one that somebody has left open holds up nobody. As its owner,
-- because PostgreSQL before 18 runs what is deferred as whoever commits.
--
-- NOTIFY takes less than 8,000 bytes. Of a larger event only the place is told; who listens reads
-- the rest with batch.missed_events.
create or replace function batch.place_event()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
  v_event batch.job_events;
  v_told json;
begin
  perform pg_advisory_xact_lock(hashtextextended('batch.place_event', 0));

  update batch.job_events as e
  set position = nextval('batch.event_positions')
  where e.id = new.id and e.position is null
  returning e.* into v_event;

  if not found then
    return null;
  end if;

  v_told := batch.event_json(v_event);

  if octet_length(v_told::text) >= 8000 then
    v_told := json_build_object(
      'id', v_event.position, 'jobId', v_event.job_id, 'instanceId', v_told -> 'instanceId'
    );
  end if;

  perform pg_notify('batch_events', v_told::text);

  if batch.is_final(v_event.job_id) then
    perform batch.notify_job(v_event.job_id);
  end if;

  return null;
end;
$$;

-- A constraint trigger cannot be replaced, and this one never changes.
do $$
begin
  if not exists (
    select from pg_catalog.pg_trigger as t
    where t.tgrelid = 'batch.job_events'::regclass and t.tgname = 'tg_job_events__take_position'
  ) then
    create constraint trigger tg_job_events__take_position
    after insert on batch.job_events
    deferrable initially deferred
    for each row execute function batch.place_event();
  end if;
end;
$$;
