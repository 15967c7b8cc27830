-- One ended item as the REST API writes it. What a chat has lost since (the message, its chat)
-- is null.
create or replace function batch.result_json(p_result batch.item_results)
returns json
language sql
stable
set search_path = ''
as $$
  select json_build_object(
    'seq', p_result.seq,
    'messageId', i.message_id,
    'externalId', m.external_id,
    'chatId', m.chat_id,
    'contentType', i.content_type,
    'status', p_result.status,
    'errorCode', p_result.error_code,
    'error', p_result.error_message,
    'provider', p_result.provider,
    'model', p_result.model,
    'language', p_result.language,
    'costUsd', p_result.cost_usd,
    'tokens', p_result.tokens_used,
    'reused', p_result.is_reused,
    'processingMs', p_result.processing_ms,
    'startedAt', batch.iso_time(p_result.started_at),
    'finishedAt', batch.iso_time(p_result.finished_at)
  )
  from batch.items as i
  left join public.messages as m on m.id = i.message_id
  where i.job_id = p_result.job_id and i.seq = p_result.seq;
$$;
