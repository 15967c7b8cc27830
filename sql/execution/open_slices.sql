-- Cuts the next slices of a job and queues them, until as many are open as the job has lanes or
-- no items are left. The very first is small: its results are soon there, and tell the pace.
-- Towards the end slices become smaller, so that the lanes end together: down to half a second's
-- worth, or to p_least items where more of them are worked on at a time, as long as every worker
-- finds two. Where providers are waited for, half the lanes must be able to fill all places, as
-- long as every worker finds one: a slice keeps its lane until its last item has ended.
--
-- The caller holds the lock on the job's row. Calling twice changes nothing.
create or replace function batch.open_slices(p_job_id uuid, p_least int default 0)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_job batch.jobs;
  v_slice batch.slices;
  v_lanes_free int;
  v_workers int;
  v_filling numeric := 0;
  v_items_left int;
  v_least numeric;
  v_last_seq int;
begin
  select j.* into strict v_job from batch.jobs as j where j.id = p_job_id;

  select v_job.lanes - count(*) into v_lanes_free
  from batch.slices as s
  where s.job_id = p_job_id and s.state <> 'done';

  if v_job.next_seq = 1 or p_least > 0 then
    select greatest(1, count(*)) into v_workers from batch.live_workers();
  end if;

  -- Before a pace is known every worker finds two, however few items there are. More would cost
  -- a small job more than its items do: each is taken and given back by itself.
  v_least := case
    when v_job.next_seq = 1 then least(16, ceil(v_job.total_items / (2.0 * v_workers)))
    else ceil(v_job.slice_size / 8.0)
  end;

  if p_least > 0 then
    v_filling := ceil(2 * batch.provider_places(v_job.content_types) / v_job.lanes);
  end if;

  while v_lanes_free > 0 and v_job.next_seq <= v_job.total_items loop
    v_items_left := v_job.total_items - v_job.next_seq + 1;
    v_last_seq := v_job.next_seq - 1 + least(
      v_items_left,
      case when v_job.next_seq = 1 then least(32, v_job.slice_size) else v_job.slice_size end,
      greatest(
        ceil(v_items_left::numeric / v_job.lanes),
        v_least,
        least(p_least, ceil(v_items_left / (2.0 * v_workers))),
        least(v_filling, ceil(v_items_left::numeric / v_workers))
      )
    );

    insert into batch.slices as s (job_id, first_seq, last_seq, created_at)
    values (p_job_id, v_job.next_seq, v_last_seq, batch.clock())
    returning s.* into v_slice;
    perform batch.defer_slice(v_job, v_slice);

    v_job.next_seq := v_last_seq + 1;
    v_lanes_free := v_lanes_free - 1;
  end loop;

  update batch.jobs as j
  set next_seq = v_job.next_seq
  where j.id = p_job_id and j.next_seq <> v_job.next_seq;
end;
$$;
