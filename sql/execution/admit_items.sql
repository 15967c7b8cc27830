-- Asks for items in hand, many at a time, whether they may be worked on. Returns for each one of
--
--   stop   its job wants no more work: it was cancelled or paused, perhaps just now, since its
--          budget does not hold another item
--   wait   somebody is making its text just now, or the budget waits for items in hand: ask again
--   done   its message has a text now: another job has made it
--   made   its text exists: the same bytes, kind of processing, model and language (with the text)
--   go     work on it: its bytes are claimed, and what it may cost is reserved
--
-- p_items is a list of {jobId, seq, sha256 (hex), contentType, language, models, isForced, isPaid,
-- mayUse}: `models` are those whose text would do (for unpaid work any local one), `mayUse` as
-- batch.reserve_budget takes it. A forced item asks for its job and its budget only.
--
-- The bytes are claimed before it is looked whether their text exists: who gives up a claim has
-- made the text in the same transaction. Asking twice is safe.
create or replace function batch.admit_items(p_items jsonb)
returns table (
  job_id uuid, seq int, verdict text, content text, model text, provider text, language text,
  duration int
)
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_item record;
  v_text public.media_content;
begin
  for v_item in
    select
      i."jobId" as job_id, i.seq, decode(i.sha256, 'hex') as sha256,
      batch.processing_type_of(i."contentType") as processing_type,
      coalesce(i.language, '') as language, i.models, i."isForced" as is_forced,
      i."isPaid" as is_paid, i."mayUse" as may_use
    from jsonb_to_recordset(p_items) as i (
      "jobId" uuid, seq int, sha256 text, "contentType" batch.content_type, language text,
      models text[], "isForced" boolean, "isPaid" boolean, "mayUse" jsonb
    )
    order by i.sha256, i."jobId", i.seq
  loop
    v_text := null;
    verdict := 'go';

    if not exists (
      select from batch.jobs as j where j.id = v_item.job_id and j.status = 'processing'
    ) then
      verdict := 'stop';
    elsif v_item.is_forced then
      null;
    elsif not batch.claim_bytes(
      v_item.job_id, v_item.seq, v_item.sha256, v_item.processing_type, v_item.language
    ) then
      verdict := 'wait';
    elsif batch.has_text(v_item.job_id, v_item.seq) then
      verdict := 'done';
    else
      v_text := batch.find_made_text(
        v_item.sha256, v_item.processing_type, v_item.language, v_item.models, not v_item.is_paid
      );
      verdict := case when v_text.id is null then 'go' else 'made' end;
    end if;

    if verdict = 'go' and v_item.is_paid then
      verdict := batch.reserve_budget(v_item.job_id, v_item.seq, v_item.may_use);
    end if;

    if verdict <> 'go' then
      delete from batch.claims as c where c.job_id = v_item.job_id and c.seq = v_item.seq;
    end if;

    return query select
      v_item.job_id, v_item.seq, verdict, v_text.content, v_text.model::text,
      v_text.provider::text, v_text.language::text, v_text.duration;
  end loop;
end;
$$;
