-- Freezes a job's selection into numbered items, newest first, counts what it left alone, and
-- queues the first slices. A job with nothing to do is completed at once.
--
-- The job's row is locked only at the end, so that cancelling need not wait for the selection of
-- millions; a job that was cancelled meanwhile keeps no items. Two plans of one job exclude each
-- other; planning a job that is no longer pending changes nothing, so calling twice is safe.
--
-- The memory is for sorting, for what is known to have content, and for what has to be counted: a
-- million items need not go through files. Parallel workers share some of it, and a container has
-- 64 MB for that: where it does not suffice the job is planned without them. (A disk that is full
-- raises the same, and then does so again.)
--
-- Raises BJ404 if there is no such job.
create or replace function batch.plan_job(p_job_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
set work_mem = '128MB'
as $$
declare
  v_job batch.jobs;
begin
  perform pg_advisory_xact_lock(hashtextextended('batch.plan_job ' || p_job_id, 0));
  select j.* into v_job from batch.jobs as j where j.id = p_job_id;

  if not found then
    raise exception using errcode = 'BJ404', message = format('no batch job %s', p_job_id);
  end if;

  if v_job.status <> 'pending' then
    return;
  end if;

  begin
    v_job := batch.freeze_items(v_job);
  exception
    when disk_full or out_of_memory then
      perform set_config('max_parallel_workers_per_gather', '0', true);
      v_job := batch.freeze_items(v_job);
  end;

  perform from batch.jobs as j where j.id = p_job_id and j.status = 'pending' for no key update;

  if not found then
    delete from batch.items as i where i.job_id = p_job_id;
    return;
  end if;

  update batch.jobs as j
  set
    total_found = v_job.total_found,
    skipped_at_plan = v_job.skipped_at_plan,
    total_items = v_job.total_items,
    slice_size =
      batch.first_slice_size(batch.provider_places(v_job.content_types), j.lanes)
  where j.id = p_job_id;

  insert into batch.job_pulses (job_id, sent_at) values (p_job_id, batch.clock());
  perform batch.move_job(p_job_id, 'processing', jsonb_build_object(
    'totalFound', v_job.total_found,
    'totalItems', v_job.total_items,
    'skippedItems', v_job.skipped_at_plan
  ));
  perform batch.open_slices(p_job_id);
  perform batch.settle_job(p_job_id);
end;
$$;
