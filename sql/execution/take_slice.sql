-- Gives a slice to a worker and returns its items that still need work, in order. Returns none
-- if the slice is not to be worked on: the job is paused or has ended, or another worker has it.
-- wanted_for_seconds tells how long ago the job began, or was resumed: what the worker found out
-- about providers before that, it asks anew.
--
-- is_suspect: a worker has died while it worked on the item, perhaps of it. is_alone: two have, so
-- no other item is to be in hand beside it.
--
-- p_unasked: content types of which the worker may begin items without asking about each
-- (batch.admit_items). If it dies, all of them that it had not ended count as in hand.
--
-- Locks the job in share mode, then the slice: once a cancel or a pause has committed, nobody
-- gets items. Calling twice is safe: the second call finds the slice taken. Waits half a
-- second for somebody's forgotten transaction, then raises lock_not_available: try again later.
--
-- Planned as batch.record_results is.
create or replace function batch.take_slice(
  p_job_id uuid, p_first_seq int, p_worker_id bigint, p_unasked batch.content_type[] default '{}'
)
returns table (
  seq int,
  message_id uuid,
  content_type batch.content_type,
  mime_type text,
  local_path text,
  media_url text,
  external_id text,
  caption text,
  language text,
  is_forced boolean,
  is_suspect boolean,
  is_alone boolean,
  wanted_for_seconds double precision
)
language plpgsql
volatile
set search_path = ''
set lock_timeout = '500ms'
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
set jit = off
as $$
declare
  v_job batch.jobs;
  v_last_seq int;
  v_attempts int;
begin
  select j.* into v_job
  from batch.jobs as j
  where j.id = p_job_id and j.status = 'processing'
  for share;

  if not found then
    return;
  end if;

  update batch.slices as s
  set
    state = 'running',
    worker_id = p_worker_id,
    taken_at = batch.clock(),
    unasked = p_unasked,
    attempts = s.attempts + 1
  where s.job_id = p_job_id and s.first_seq = p_first_seq and s.state = 'queued'
  returning s.last_seq, s.attempts into v_last_seq, v_attempts;

  if not found then
    return;
  end if;

  -- `limit` keeps what follows look-ups: planned as joins, whole tables could be read. What only
  -- earlier attempts can have left is not looked for in a first one.
  return query
  with slice as materialized (
    select
      i.seq, i.message_id, i.content_type, m.media_mime_type, m.media_local_path, m.media_url,
      m.external_id, m.text_content, l.losses,
      m.id is null
        or coalesce(l.losses >= 3, false)
        or (not v_job.is_forced and (m.has_text or content.id is not null)) as is_settled
    from batch.items as i
    left join lateral (
      select
        m.id, m.media_mime_type, m.media_local_path, m.media_url, m.external_id, m.text_content,
        batch.text_of(
          i.content_type, m.transcription, m.image_description, m.video_description,
          m.document_extraction
        ) is not null as has_text
      from public.messages as m
      where m.id = i.message_id and m.status not in ('deleted', 'expired')
      limit 1
    ) as m on true
    left join lateral (
      select mc.id
      from public.media_content as mc
      where mc.media_id = i.message_id
        and mc.processing_type = batch.processing_type_of(i.content_type)
      limit 1
    ) as content on true
    left join lateral (
      select l.losses
      from batch.item_losses as l
      where v_attempts > 1 and l.job_id = i.job_id and l.seq = i.seq
      limit 1
    ) as l on true
    left join lateral (
      select r.seq
      from batch.item_results as r
      where v_attempts > 1 and r.job_id = i.job_id and r.seq = i.seq
      limit 1
    ) as ended on true
    where i.job_id = p_job_id
      and i.seq between p_first_seq and v_last_seq
      and ended.seq is null
  ),

  settled as materialized (
    select batch.settle_items(v_job, p_worker_id, array_agg(s.seq order by s.seq))
    from slice as s
    where s.is_settled
    having count(*) > 0
  )

  select
    s.seq, s.message_id, s.content_type, s.media_mime_type::text, s.media_local_path, s.media_url,
    s.external_id::text, s.text_content, v_job.language, v_job.is_forced, s.losses is not null,
    coalesce(s.losses > 1, false),
    extract(epoch from batch.clock() - v_job.active_since)::double precision
  from slice as s
  -- A condition on no row is looked at first, and once: that calls settle_items.
  where (select count(*) from settled) >= 0 and not s.is_settled
  order by s.seq;
end;
$$;
