-- Freezes a job's selection into numbered items, newest first, counts what it left alone, and
-- queues the first slices. A job with nothing to do is completed at once.
--
-- The job's row is locked only at the end, so that cancelling need not wait for the selection of
-- millions; a job that was cancelled meanwhile keeps no items. Two plans of one job exclude each
-- other; planning a job that is no longer pending changes nothing, so calling twice is safe.
--
-- Messages are looked at once. Without a limit, what is found goes straight into the items; with
-- one, it is kept until it has been counted. The memory is for that, for sorting, and for what is
-- known to have content: a million items need not go through files.
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

  if v_job.item_limit is null then
    insert into batch.items (job_id, seq, message_id, content_type)
    select p_job_id, s.seq, s.message_id, s.content_type
    from batch.selection_of(v_job) with ordinality as s (message_id, content_type, is_done, seq)
    where not s.is_done;

    get diagnostics v_job.total_items = row_count;
    v_job.total_found := current_setting('batch.found');
    v_job.skipped_at_plan := v_job.total_found - v_job.total_items;
  else
    with numbered as materialized (
      select s.message_id, s.content_type, s.is_done, s.seq
      from batch.selection_of(v_job) with ordinality as s (message_id, content_type, is_done, seq)
    ),

    frozen as (
      insert into batch.items (job_id, seq, message_id, content_type)
      select p_job_id, n.seq, n.message_id, n.content_type
      from numbered as n
      where not n.is_done and n.seq <= v_job.item_limit
    )

    select
      count(*),
      count(*) filter (where n.is_done),
      count(*) filter (where not n.is_done and n.seq <= v_job.item_limit)
    into v_job.total_found, v_job.skipped_at_plan, v_job.total_items
    from numbered as n;
  end if;

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
