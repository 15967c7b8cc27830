-- A worker asks for items in hand, many at a time, whether it may work on them. Returns for each
-- one of
--
--   stop   its job wants no more work: it was cancelled or paused, perhaps just now, since its
--          budget does not hold another item; or its slice was given to another worker
--   done   its message has a text now: another job has made it
--   made   its text exists: the same bytes, kind of processing, model and language (with the text)
--   wait   somebody is making its text just now, or the budget waits for items in hand: ask again
--   go     work on it: its bytes are claimed, and what it may cost is reserved
--
-- p_items is a list of {jobId, seq, sha256 (hex), contentType, language, models, isForced, isPaid,
-- mayUse}: `models` are those whose text would do (for unpaid work any local one, for documents
-- any that a provider had a part in), `mayUse` as batch.reserve_budget takes it. A forced item
-- asks for its job and its budget only; what it claims is a key of its own, since claims also tell
-- what was in hand when a worker died (see batch.lose_slice).
--
-- Bytes are claimed before it is looked whether their text exists: who gives up a claim has made
-- the text in the same transaction, and a second statement sees it. Claims are made in the order
-- of their keys. Asking twice is safe. What is claimed for a slice that is given away in the same
-- moment, batch.sweep gives up.
--
-- Planned as batch.record_results is.
create or replace function batch.admit_items(p_worker_id bigint, p_items jsonb)
returns table (
  job_id uuid, seq int, verdict text, content text, model text, provider text, language text,
  duration int
)
language plpgsql
volatile
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
set jit = off
as $$
begin
  insert into batch.claims (sha256, processing_type, language, job_id, seq)
  with held as materialized (
    select h.* from batch.held_slices(p_worker_id) as h where h.is_wanted
  )
  select claim.sha256, a.processing_type, a.language, a.job_id, a.seq
  from batch.read_questions(p_items) as a
  cross join lateral (
    select case when a.is_forced
      then sha256(convert_to(a.job_id || ' ' || a.seq, 'UTF8')) else a.sha256
    end as sha256
  ) as claim
  where exists (
    select
    from held as h
    where h.job_id = a.job_id and a.seq between h.first_seq and h.last_seq
  )
  order by claim.sha256, a.processing_type, a.language
  on conflict do nothing;

  return query
  with held as materialized (
    select h.* from batch.held_slices(p_worker_id) as h where h.is_wanted
  ),

  judged as materialized (
    select a.job_id, a.seq, a.is_paid, a.may_use, made.content, made.model, made.provider,
      made.language, made.duration,
      case
        when not exists (
          select
          from held as h
          where h.job_id = a.job_id and a.seq between h.first_seq and h.last_seq
        ) then 'stop'
        when a.is_forced then 'go'
        when message.has_text then 'done'
        when made.id is not null then 'made'
        when claim.is_own then 'go'
        else 'wait'
      end as verdict
    from batch.read_questions(p_items) as a
    left join lateral (
      select
        batch.text_of(
          i.content_type, m.transcription, m.image_description, m.video_description,
          m.document_extraction
        ) is not null
        or (
          select mc.id
          from public.media_content as mc
          where mc.media_id = m.id and mc.processing_type = a.processing_type
          limit 1
        ) is not null as has_text
      from batch.items as i
      join public.messages as m on m.id = i.message_id
      where i.job_id = a.job_id and i.seq = a.seq
      limit 1
    ) as message on true
    left join lateral (
      select mc.*
      from batch.made_texts as t
      join public.media_content as mc on mc.id = t.media_content_id
      where t.sha256 = a.sha256
        and t.processing_type = a.processing_type
        and t.language = a.language
        and (
          t.model = any (a.models)
          or (not a.is_paid and mc.provider = 'local')
          -- a document's model names its reader and whoever read its pictured pages
          or (a.processing_type = 'extraction' and mc.provider <> 'local')
        )
      order by array_position(a.models, t.model)
      limit 1
    ) as made on true
    left join lateral (
      select (c.job_id, c.seq) = (a.job_id, a.seq) as is_own
      from batch.claims as c
      where c.sha256 = a.sha256
        and c.processing_type = a.processing_type
        and c.language = a.language
      limit 1
    ) as claim on true
  ),

  unclaimed as (
    delete from batch.claims as c
    where (c.job_id, c.seq) in (
      select j.job_id, j.seq from judged as j where j.verdict <> 'go'
    )
  )

  select j.job_id, j.seq,
    case when j.verdict = 'go' and j.is_paid
      then batch.reserve_budget(j.job_id, j.seq, j.may_use)
      else j.verdict
    end,
    j.content, j.model::text, j.provider::text, j.language::text, j.duration
  from judged as j
  order by j.job_id, j.seq;
end;
$$;
