-- Gives a slice to a worker and returns its items that still need work, in order. Returns none
-- if the slice is not to be worked on: the job is paused or has ended, or another worker has it.
-- wanted_for_seconds tells how long ago the job began, or was resumed: what the worker found out
-- about providers before that, it asks anew.
--
-- is_suspect: a worker has died while it worked on the item, perhaps of it. is_alone: two have, so
-- no other item is to be in hand beside it.
--
-- Locks the job in share mode, then the slice: once a cancel or a pause has committed, nobody
-- gets items. Calling twice is safe: the second call finds the slice taken. Waits half a
-- second for somebody's forgotten transaction, then raises lock_not_available: try again later.
create or replace function batch.take_slice(p_job_id uuid, p_first_seq int, p_worker_id bigint)
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
set plan_cache_mode = 'force_custom_plan'
as $$
declare
  v_job batch.jobs;
  v_last_seq int;
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
    attempts = s.attempts + 1
  where s.job_id = p_job_id and s.first_seq = p_first_seq and s.state = 'queued'
  returning s.last_seq into v_last_seq;

  if not found then
    return;
  end if;

  perform batch.settle_items(v_job, p_first_seq, v_last_seq, p_worker_id);

  return query
  select
    i.seq,
    i.message_id,
    i.content_type,
    m.media_mime_type::text,
    m.media_local_path,
    m.media_url,
    m.external_id::text,
    m.text_content,
    v_job.language,
    v_job.is_forced,
    l.seq is not null,
    coalesce(l.losses > 1, false),
    extract(epoch from batch.clock() - v_job.active_since)::double precision
  from generate_series(p_first_seq, v_last_seq) as n (seq)
  cross join lateral (
    select i.seq, i.message_id, i.content_type
    from batch.items as i
    where i.job_id = p_job_id and i.seq = n.seq
    limit 1
  ) as i
  join public.messages as m on m.id = i.message_id
  left join batch.item_losses as l on l.job_id = p_job_id and l.seq = i.seq
  -- `limit` keeps it a look-up: without, all results of the job could be read.
  left join lateral (
    select r.seq
    from batch.item_results as r
    where r.job_id = p_job_id and r.seq = i.seq
    limit 1
  ) as ended on true
  where ended.seq is null
  order by i.seq;
end;
$$;
