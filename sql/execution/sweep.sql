-- Brings lost work back, whatever died: takes slices from workers that have been silent for
-- p_timeout, and makes sure that everything waiting to be done stands in the queue. What those
-- workers had recorded stays and is not done again. Returns how many tasks were queued.
--
-- A job that somebody holds a lock on is passed over until the next sweep: whoever sweeps must not
-- be held up, and be taken for dead himself.
--
-- Every worker calls it; an advisory lock lets one at a time work and sends the others away.
-- Silence tells of a death only while others are heard. So nobody is judged until the database has
-- been up for p_timeout, nor by a worker that is silent itself, or whose heartbeats came with a gap
-- less than p_timeout ago (it was cut off, or frozen): others may only have had the same gap. Half
-- of p_timeout is a gap; after a shorter one the others have the other half to be heard again.
create or replace function batch.sweep(p_worker_id bigint, p_timeout interval)
returns int
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_queued int := 0;
  v_lost record;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('batch.sweep', 0))
    or batch.up_since() > batch.clock() - p_timeout
    or not exists (
      select from batch.workers as w
      where w.id = p_worker_id
        and w.alive_since <= batch.clock() - p_timeout
        and w.last_seen_at >= batch.clock() - p_timeout / 2
    )
  then
    return 0;
  end if;

  for v_lost in
    select s.job_id, s.first_seq, s.worker_id
    from batch.slices as s
    join batch.jobs as j on j.id = s.job_id
    left join batch.workers as w on w.id = s.worker_id
    where s.state = 'running'
      and (w.stopped_at is not null or w.last_seen_at < batch.clock() - p_timeout) is not false
    order by s.job_id, s.first_seq
    for no key update of j skip locked
  loop
    perform batch.lose_slice(v_lost.job_id, v_lost.first_seq, v_lost.worker_id);
    v_queued := v_queued + 1;
  end loop;

  perform batch.release_strays();

  return v_queued + batch.requeue_lost_tasks(p_timeout);
end;
$$;
