-- A worker gives a slice back. If all its items have results it is done, and the job's next
-- slice goes to the tail of the queue, sized by the pace of this turn. If not (the worker stops,
-- or the slice has had its turn) the same slice goes to the tail. A paused job's slice waits
-- unqueued; that of an ended job is closed. The last slice to be done completes the job.
--
-- Locks the job, then the slice. A worker that does not hold the slice changes nothing, so
-- calling twice is safe. Waits two seconds at most for somebody's forgotten transaction, then
-- raises lock_not_available: try again later.
create or replace function batch.finish_slice(p_job_id uuid, p_first_seq int, p_worker_id bigint)
returns void
language plpgsql
volatile
set search_path = ''
set lock_timeout = '2s'
as $$
declare
  v_job batch.jobs;
  v_slice batch.slices;
  v_missing int;
  v_ended_now int;
  v_at_once int;
  v_at_a_time numeric;
  v_is_done boolean;
begin
  select j.* into v_job from batch.jobs as j where j.id = p_job_id for no key update;

  select s.* into v_slice
  from batch.slices as s
  where s.job_id = p_job_id
    and s.first_seq = p_first_seq
    and s.worker_id = p_worker_id
  for update;

  if not found then
    return;
  end if;

  select
    v_slice.last_seq - v_slice.first_seq + 1 - count(*),
    count(*) filter (where r.finished_at >= v_slice.taken_at),
    batch.ended_at_once(
      count(*) filter (where r.finished_at >= v_slice.taken_at),
      sum(r.processing_ms) filter (where r.finished_at >= v_slice.taken_at),
      batch.clock() - v_slice.taken_at
    ),
    coalesce(sum(r.processing_ms) filter (where r.finished_at >= v_slice.taken_at), 0)
      / greatest(1, extract(epoch from batch.clock() - v_slice.taken_at) * 1000)
  into v_missing, v_ended_now, v_at_once, v_at_a_time
  from batch.item_results as r
  where r.job_id = p_job_id and r.seq between v_slice.first_seq and v_slice.last_seq;

  perform batch.release_items(p_job_id, v_slice.first_seq, v_slice.last_seq);

  if v_job.failure_threshold is not null then
    perform batch.hold_if_failing(p_job_id);
    select j.* into v_job from batch.jobs as j where j.id = p_job_id;
  end if;

  v_is_done := v_missing = 0 or v_job.completed_at is not null;

  update batch.slices as s
  set
    state = case when v_is_done then 'done' else 'queued' end::batch.slice_state,
    worker_id = null,
    finished_at = case when v_is_done then batch.clock() end
  where s.job_id = p_job_id and s.first_seq = p_first_seq;

  if v_missing > 0 and v_job.status = 'processing' then
    perform batch.defer_slice(v_job, v_slice);
  elsif v_job.status = 'processing' then
    update batch.jobs as j
    set slice_size = greatest(
      batch.next_slice_size(j.slice_size, v_ended_now, batch.clock() - v_slice.taken_at),
      case when v_at_once > 0 then j.slice_size end
    )
    where j.id = p_job_id and v_ended_now > 0;
    -- Twice as many as it had in hand at a time: while one half ends, the other is there to begin.
    perform batch.open_slices(p_job_id, least(v_ended_now, 2 * v_at_a_time)::int);
  end if;

  perform batch.settle_job(p_job_id);
end;
$$;
