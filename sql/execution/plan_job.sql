-- Freezes a job's selection into numbered items, newest first, counts what it left alone, and
-- queues the first slices. A job with nothing to do is completed at once.
--
-- The job's row is locked only at the end, so that cancelling need not wait for the selection of
-- millions; a job that was cancelled meanwhile keeps no items. Two plans of one job exclude each
-- other; planning a job that is no longer pending changes nothing, so calling twice is safe.
--
-- Messages are looked at once: what is found is numbered, then frozen and counted. The memory is
-- for that, and for what is known to have content: a million items need not go through files.
-- (`offset 0` keeps content from being looked for twice a message.)
--
-- Raises BJ404 if there is no such job.
create or replace function batch.plan_job(p_job_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
set work_mem = '128MB'
set jit = off
as $$
declare
  v_job batch.jobs;
  v_items_by_type jsonb;
begin
  perform pg_advisory_xact_lock(hashtextextended('batch.plan_job ' || p_job_id, 0));
  select j.* into v_job from batch.jobs as j where j.id = p_job_id;

  if not found then
    raise exception using errcode = 'BJ404', message = format('no batch job %s', p_job_id);
  end if;

  if v_job.status <> 'pending' then
    return;
  end if;

  with found as (
    select
      s.message_id, s.content_type, s.platform_timestamp,
      s.has_content and not v_job.is_forced as is_done
    from batch.select_media(
      case v_job.job_type when 'time_based_batch' then v_job.instance_id end,
      v_job.chat_id,
      v_job.created_at at time zone 'UTC' - make_interval(days => v_job.days_back),
      v_job.content_types
    ) as s
    where v_job.retry_of is null

    union all
    select
      f.message_id, f.content_type, f.platform_timestamp,
      f.has_content and not v_job.is_forced
    from batch.select_failed(v_job.retry_of, v_job.content_types) as f
    where v_job.retry_of is not null
    offset 0
  ),

  numbered as materialized (
    select
      f.message_id, f.content_type, f.is_done,
      count(*) filter (where not f.is_done) over newest_first as seq
    from found as f
    window newest_first as (
      order by f.platform_timestamp desc, f.message_id desc rows unbounded preceding
    )
  ),

  frozen as (
    insert into batch.items (job_id, seq, message_id, content_type)
    select p_job_id, n.seq, n.message_id, n.content_type
    from numbered as n
    where not n.is_done and (v_job.item_limit is null or n.seq <= v_job.item_limit)
  ),

  counted as (
    select
      n.content_type,
      count(*) as found,
      count(*) filter (where n.is_done) as done,
      case
        when v_job.item_limit is null then count(*) - count(*) filter (where n.is_done)
        else count(*) filter (where not n.is_done and n.seq <= v_job.item_limit)
      end as items
    from numbered as n
    group by n.content_type
  )

  select
    coalesce(sum(c.found), 0),
    coalesce(sum(c.done), 0),
    coalesce(sum(c.items), 0),
    coalesce(
      jsonb_object_agg(c.content_type, jsonb_build_object('items', c.items))
        filter (where c.items > 0),
      '{}'
    )
  into v_job.total_found, v_job.skipped_at_plan, v_job.total_items, v_items_by_type
  from counted as c;

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
    -- Until a pace is known. Slow items are given back after a turn, whatever the size.
    slice_size = 64,
    -- of fewer, more is known: see batch.keep_estimate
    estimate = case
      when v_job.total_items > 50000 then batch.estimate_items(v_items_by_type)
    end
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
