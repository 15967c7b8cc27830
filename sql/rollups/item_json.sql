-- One item of a job as the REST API writes it, ended or not (`pending`). What a chat has lost since
-- (the message, its chat) is null. `file` is batch.medium_of. p_with_text: with the text that was
-- made of it, null if there is none.
create or replace function batch.item_json(p_item batch.items, p_with_text boolean default false)
returns json
language sql
stable
set search_path = ''
as $$
  select case
    when not p_with_text then facts.json
    -- Appended as text: json keeps the order that people read, and cannot be concatenated.
    else (
      left(facts.json::text, -1) || ', "text" : ' || coalesce(to_json(made.text)::text, 'null')
      || '}'
    )::json
  end
  from (select) as one
  left join batch.item_results as r on r.job_id = p_item.job_id and r.seq = p_item.seq
  left join public.messages as m on m.id = p_item.message_id
  cross join lateral (
    select json_build_object(
      'seq', p_item.seq,
      'messageId', p_item.message_id,
      'externalId', m.external_id,
      'file', batch.medium_of(m),
      'chatId', m.chat_id,
      'contentType', p_item.content_type,
      'status', coalesce(r.status::text, 'pending'),
      'errorCode', r.error_code,
      'error', r.error_message,
      'provider', r.provider,
      'model', r.model,
      'language', r.language,
      'costUsd', r.cost_usd,
      'tokens', r.tokens_used,
      'reused', r.is_reused,
      'processingMs', r.processing_ms,
      'startedAt', batch.iso_time(r.started_at),
      'finishedAt', batch.iso_time(r.finished_at)
    ) as json
  ) as facts
  left join lateral (
    select coalesce(
      (
        select mc.content
        from public.media_content as mc
        where mc.media_id = p_item.message_id
          and mc.processing_type = batch.processing_type_of(p_item.content_type)
          and mc.created_at = r.finished_at at time zone 'UTC'
        limit 1
      ),
      batch.text_of(
        p_item.content_type, m.transcription, m.image_description, m.video_description,
        m.document_extraction
      )
    ) as text
    where p_with_text and r.status = 'processed'
  ) as made on true;
$$;
