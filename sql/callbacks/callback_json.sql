-- A callback as the REST API writes it, with its last twenty attempts.
create or replace function batch.callback_json(p_callback batch.callbacks)
returns json
language sql
stable
set search_path = ''
as $$
  select json_build_object(
    'id', p_callback.id,
    'jobId', p_callback.job_id,
    'type', p_callback.type,
    'url', p_callback.url,
    'state', p_callback.state,
    'createdAt', batch.iso_time(p_callback.created_at),
    'nextAttemptAt', batch.iso_time(p_callback.next_attempt_at),
    'endedAt', batch.iso_time(p_callback.ended_at),
    'attemptCount', p_callback.attempts,
    'attempts', (
      select coalesce(
        json_agg(
          json_build_object(
            'number', a.number,
            'startedAt', batch.iso_time(a.started_at),
            'durationMs', a.duration_ms,
            'statusCode', a.status_code,
            'error', a.error,
            'response', a.response
          )
          order by a.number
        ),
        '[]'
      )
      from batch.callback_attempts as a
      where a.callback_id = p_callback.id and a.number > p_callback.attempts - 20
    ),
    'payload', p_callback.payload::json
  );
$$;
