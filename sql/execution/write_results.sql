-- Writes what batch.record_results is given, and returns what that does: the text of each message,
-- the results, the rows of media_content, and what follows from them, in one statement.
--
-- Nearly always no item has a result yet, so none is looked for, and to insert one that is there
-- fails with unique_violation. p_is_repeated says that it has failed so: then items that have a
-- result are left out.
--
-- The update of a message is what locks it and what judges: where a result yields, it writes
-- nothing to a message that has a text by now. Messages are locked in the order of their keys, then
-- results, then the rest; what is not asked for PostgreSQL would run in an order of its own.
--
-- Results come as json, not as jsonb: they are read once, and jsonb would be put together for that
-- and taken apart again, which takes a third longer (bench/suites/sending.py).
--
-- Its plan is made once a session and looks everything up, however small the tables were then:
-- to plan it takes as long as to record thirty results.
create or replace function batch.write_results(
  p_worker_id bigint, p_results json, p_current jsonb, p_is_repeated boolean
)
returns table (job_id uuid, first_seq int, has_ended boolean)
language plpgsql
volatile
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
set jit = off
as $$
#variable_conflict use_column
begin
  return query
  with call as materialized (
    select batch.clock() as at, batch.ordered_uuids() as uuids
  ),

  held as materialized (
    select h.* from batch.held_slices(p_worker_id) as h
  ),

  reported as materialized (
    select distinct on (r."jobId", r.seq)
      r."jobId" as job_id, r.seq, r.status, r."errorCode" as error_code, r.error,
      r.text, r.provider, r.model, r.language, r.pages, r.bytes,
      case when r."durationSeconds" between 0 and 999999999 then r."durationSeconds" end
        as duration_seconds,
      coalesce(r."isReused", false) as is_reused, decode(r.sha256, 'hex') as sha256,
      coalesce(r."askedLanguage", '') as asked_language,
      nullif(r.usage, '[]') as usage,
      case when jsonb_array_length(r.usage) > 0
        then batch.tokens_of_usages(r.usage)
        else coalesce(r.tokens, 0)
      end as own_tokens,
      case
        when jsonb_array_length(r.usage) > 0 then batch.cost_of_usages(r.usage, batch.clock())
        when r."costUsd" is null then 0
        else batch.storable_cost(r."costUsd")
      end as own_cost,
      coalesce(r."processingMs", 0) as processing_ms,
      call.at - make_interval(secs => coalesce(r."ageMs", 0) / 1000.0) as finished_at,
      coalesce(r."isUnasked", false) as is_unasked,
      not h.is_forced and coalesce(r."costUsd", 0) = 0 and nullif(r.usage, '[]') is null
        as yields,
      i.message_id, i.content_type, batch.processing_type_of(i.content_type) as processing_type,
      (call.uuids || lpad(to_hex(r.place), 8, '0'))::uuid as media_content_id
    from rows from (
      json_to_recordset(p_results) as (
        "jobId" uuid, "firstSeq" int, seq int, status batch.result_status, "errorCode" text,
        error text, text text, provider text, model text, language text,
        "durationSeconds" numeric, pages int, bytes bigint, tokens int, "costUsd" numeric,
        "processingMs" int, "ageMs" int, usage jsonb, sha256 text, "askedLanguage" text,
        "isReused" boolean, "isUnasked" boolean
      )
    ) with ordinality as r (
      "jobId", "firstSeq", seq, status, "errorCode", error, text, provider, model, language,
      "durationSeconds", pages, bytes, tokens, "costUsd", "processingMs", "ageMs", usage, sha256,
      "askedLanguage", "isReused", "isUnasked", place
    )
    cross join call
    join held as h
      on h.job_id = r."jobId"
      and h.first_seq = r."firstSeq"
      and r.seq between h.first_seq and h.last_seq
      and (r."isUnasked" is not true or h.is_wanted)
    cross join lateral (
      select i.message_id, i.content_type
      from batch.items as i
      where i.job_id = r."jobId" and i.seq = r.seq
      limit 1
    ) as i
    left join lateral (
      select ended.seq
      from batch.item_results as ended
      where p_is_repeated and ended.job_id = r."jobId" and ended.seq = r.seq
      limit 1
    ) as ended on true
    where ended.seq is null
    order by r."jobId", r.seq
  ),

  -- Of several results for one message one writes, rather one that does not yield. What waits for
  -- somebody else's transaction sees what that has written.
  written as (
    update public.messages as m
    set
      transcription = case r.content_type when 'audio' then r.text else m.transcription end,
      image_description =
        case r.content_type when 'image' then r.text else m.image_description end,
      video_description =
        case r.content_type when 'video' then r.text else m.video_description end,
      document_extraction =
        case r.content_type when 'document' then r.text else m.document_extraction end,
      updated_at = r.at at time zone 'UTC'
    from (
      select distinct on (r.message_id)
        r.message_id, r.job_id, r.seq, r.content_type, r.text, r.yields, call.at
      from reported as r
      cross join call
      where r.status = 'processed'
      order by r.message_id, r.yields, r.job_id, r.seq
    ) as r
    where m.id = r.message_id
      and not (
        r.yields
        and batch.text_of(
          r.content_type, m.transcription, m.image_description, m.video_description,
          m.document_extraction
        ) is not null
      )
    returning r.job_id, r.seq
  ),

  -- `offset 0` keeps has_text from being worked out anew at each place that reads it.
  compared as (
    select
      r.*,
      r.status = 'processed'
        and r.yields
        and ((r.job_id, r.seq) in (select w.job_id, w.seq from written as w)) is not true
        and (select m.id from public.messages as m where m.id = r.message_id limit 1) is not null
        as has_text
    from reported as r
    -- Where nothing yields nobody would ask what was written, and messages would be locked last.
    where (select count(*) from written) >= 0
    offset 0
  ),

  -- none of most jobs
  attempts as materialized (
    select
      a.job_id, a.seq, sum(a.cost_usd) as cost_usd, bool_and(a.cost_usd is not null) as is_priced,
      sum(a.tokens_used) as tokens,
      jsonb_agg(a.usage order by a.billed_at, a.report, a.place) as usage
    from batch.billed_attempts as a
    where a.job_id = any (array(select h.job_id from held as h))
    group by a.job_id, a.seq
  ),

  outcomes as materialized (
    select
      r.*,
      case when a.seq is null then r.usage else a.usage || coalesce(r.usage, '[]') end
        as all_usage,
      case when a.seq is null then r.own_tokens
        else least(2147483647, r.own_tokens + a.tokens)::int
      end as tokens,
      case when a.seq is null then r.own_cost
        when a.is_priced then batch.storable_cost(r.own_cost + a.cost_usd)
      end as cost_usd,
      case when r.has_text then 'skipped' else r.status end as outcome,
      not r.has_text and r.is_reused as takes_over,
      coalesce(a.cost_usd, 0) as counted_cost,
      coalesce(a.tokens, 0) as counted_tokens,
      a.is_priced is false as is_counted_unpriced
    from compared as r
    left join attempts as a on a.job_id = r.job_id and a.seq = r.seq
  ),

  recorded as (
    insert into batch.item_results (
      job_id, seq, status, error_code, error_message, provider, model, language, cost_usd,
      tokens_used, usage, is_reused, media_seconds, media_pages, media_bytes, processing_ms,
      worker_id, started_at, finished_at
    )
    select
      o.job_id, o.seq, o.outcome, o.error_code, o.error,
      case when not o.has_text then o.provider end, case when not o.has_text then o.model end,
      case when not o.has_text then o.language end,
      o.cost_usd, o.tokens, o.all_usage, o.takes_over, o.duration_seconds, o.pages, o.bytes,
      o.processing_ms, p_worker_id,
      o.finished_at - make_interval(secs => o.processing_ms / 1000.0), o.finished_at
    from outcomes as o
    order by o.job_id, o.seq
    returning 1
  ),

  content as (
    insert into public.media_content (
      id, media_id, processing_type, content, model, provider, language, duration, tokens_used,
      cost_usd, batch_job_id, processing_time_ms, created_at
    )
    select
      o.media_content_id, o.message_id, o.processing_type, o.text,
      left(o.model, 100),
      left(o.provider, 50), left(o.language, 10), round(o.duration_seconds)::int, o.tokens,
      round(o.cost_usd * 100)::int,
      case when (select batch.media_content_takes_job_id()) then o.job_id end,
      o.processing_ms, o.finished_at at time zone 'UTC'
    from outcomes as o
    where o.outcome = 'processed'
  ),

  remembered as (
    insert into batch.made_texts as t (
      sha256, processing_type, language, model, media_content_id, made_at
    )
    select distinct on (o.sha256, o.processing_type, o.asked_language, o.model)
      o.sha256, o.processing_type, o.asked_language, o.model,
      o.media_content_id, o.finished_at
    from outcomes as o
    where o.outcome = 'processed' and o.sha256 is not null and not o.takes_over
    order by 1, 2, 3, 4
    on conflict (sha256, processing_type, language, model) do update
    set media_content_id = excluded.media_content_id, made_at = excluded.made_at
  ),

  unclaimed as (
    delete from batch.claims as c
    where (c.job_id, c.seq) in (
      select o.job_id, o.seq from outcomes as o where not o.is_unasked
    )
  ),

  -- none of jobs without a budget
  unreserved as (
    delete from batch.reservations as r
    where (r.job_id, r.seq) in (select o.job_id, o.seq from outcomes as o)
      and exists (
        select
        from batch.reservations as any_of
        where any_of.job_id = any (array(select h.job_id from held as h))
      )
  ),

  taken_in as (
    delete from batch.billed_attempts as a
    where (a.job_id, a.seq) in (select o.job_id, o.seq from outcomes as o)
      and exists (select from attempts)
  ),

  shares as (
    select
      o.job_id,
      count(*) filter (where o.outcome = 'processed' and o.content_type = 'audio') as audio,
      count(*) filter (where o.outcome = 'processed' and o.content_type = 'image') as images,
      count(*) filter (where o.outcome = 'processed' and o.content_type = 'video') as videos,
      count(*) filter (where o.outcome = 'processed' and o.content_type = 'document')
        as documents,
      count(*) filter (where o.outcome = 'failed' and e.stage = 'download') as downloads,
      count(*) filter (where o.outcome = 'failed' and e.stage is distinct from 'download')
        as processings,
      count(*) filter (where o.outcome = 'skipped') as skipped,
      count(*) filter (where o.takes_over) as reused,
      count(*) filter (where o.cost_usd is null)
        - count(*) filter (where o.is_counted_unpriced) as unpriced,
      sum(coalesce(o.cost_usd, 0) - o.counted_cost) as cost_usd,
      sum(o.tokens - o.counted_tokens) as tokens
    from outcomes as o
    left join batch.error_codes as e on e.code = o.error_code
    -- The other writes wait for this one, so that a conflict is met before they lock anything.
    where (select count(*) from recorded) >= 0
    group by o.job_id
  ),

  current_items as (
    select c.key::uuid as job_id, c.value as item
    from jsonb_each_text(p_current) as c
    join batch.jobs as j on j.id = c.key::uuid and j.status = 'processing'
  ),

  progress as (
    insert into batch.job_progress as p (
      job_id, worker_id, audio_processed, images_processed, videos_processed,
      documents_processed, download_failed, processing_failed, skipped, reused, unpriced, cost_usd,
      tokens_used, current_item, last_seen_at
    )
    select
      coalesce(s.job_id, c.job_id), p_worker_id, coalesce(s.audio, 0), coalesce(s.images, 0),
      coalesce(s.videos, 0), coalesce(s.documents, 0), coalesce(s.downloads, 0),
      coalesce(s.processings, 0), coalesce(s.skipped, 0), coalesce(s.reused, 0),
      coalesce(s.unpriced, 0), coalesce(s.cost_usd, 0),
      coalesce(s.tokens, 0), c.item, batch.clock()
    from shares as s
    full join current_items as c on c.job_id = s.job_id
    on conflict (job_id, worker_id) do update
    set
      audio_processed = p.audio_processed + excluded.audio_processed,
      images_processed = p.images_processed + excluded.images_processed,
      videos_processed = p.videos_processed + excluded.videos_processed,
      documents_processed = p.documents_processed + excluded.documents_processed,
      download_failed = p.download_failed + excluded.download_failed,
      processing_failed = p.processing_failed + excluded.processing_failed,
      skipped = p.skipped + excluded.skipped,
      reused = p.reused + excluded.reused,
      unpriced = p.unpriced + excluded.unpriced,
      cost_usd = p.cost_usd + excluded.cost_usd,
      tokens_used = p.tokens_used + excluded.tokens_used,
      current_item = coalesce(excluded.current_item, p.current_item),
      last_seen_at = excluded.last_seen_at
  )

  select j.id, null::int, j.completed_at is not null
  from batch.jobs as j
  where j.status <> 'processing'
    and j.id = any (array(
      select r.job_id from reported as r
      union
      select h.job_id from held as h where p_is_repeated
      union
      select k.job_id::uuid from jsonb_object_keys(p_current) as k (job_id)
    ))
  union all
  select h.job_id, h.first_seq, null from held as h where h.is_wanted;
end;
$$;
