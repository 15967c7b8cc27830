-- Asks for items in hand, many at a time, whether they may be worked on. Returns for each one of
--
--   made   its text exists: the same bytes, kind of processing, model and language (with the text)
--   wait   somebody is making it just now, or the budget waits for items in hand: ask again soon
--   stop   its job wants no more work: it was cancelled or paused, perhaps just now, since its
--          budget does not hold another item
--   go     work on it: it is claimed, and what it may cost is reserved
--
-- p_items is a list of {jobId, seq, sha256 (hex), contentType, language, models, isForced,
-- isPaid, mayUse}: `models` are those whose text would do (for unpaid work any local one), `mayUse`
-- the most that a request can use, for each provider that may be asked instead of another, in the
-- form of batch.cost_of_usage. Only paid work is claimed and reserved.
--
-- Locks the budgets of the jobs concerned, in the order of their ids. Asking twice is safe.
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
  v_text record;
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
    order by i."jobId", i.seq
  loop
    job_id := v_item.job_id;
    seq := v_item.seq;
    verdict := 'go';
    select null, null, null, null, null into content, model, provider, language, duration;

    if not exists (
      select from batch.jobs as j where j.id = v_item.job_id and j.status = 'processing'
    ) then
      verdict := 'stop';
    elsif not v_item.is_forced then
      select mc.content, mc.model, mc.provider, mc.language, mc.duration into v_text
      from batch.made_texts as t
      join public.media_content as mc on mc.id = t.media_content_id
      where t.sha256 = v_item.sha256
        and t.processing_type = v_item.processing_type
        and t.language = v_item.language
        and (
          t.model = any (v_item.models)
          or (not v_item.is_paid and mc.provider = 'local')
        )
      order by array_position(v_item.models, t.model)
      limit 1;

      if found then
        verdict := 'made';
        content := v_text.content;
        model := v_text.model;
        provider := v_text.provider;
        language := v_text.language;
        duration := v_text.duration;
      end if;
    end if;

    if verdict = 'go' and v_item.is_paid then
      verdict := batch.admit_paid_item(
        v_item.job_id, v_item.seq, v_item.sha256, v_item.processing_type,
        v_item.language, v_item.is_forced, v_item.may_use
      );
    end if;

    return next;
  end loop;
end;
$$;
