-- A worker says how an attempt at a callback ended: with which status of HTTP and the beginning of
-- which body, or with which error and no answer. 2xx delivers it, 410 ends it. After anything
-- else it is tried again later (see batch.callback_delay), not before what Retry-After asked for,
-- up to a day; when enough was tried it is given up, which the job's events tell. Returns the
-- callback's state, or null if its job has been deleted meanwhile.
--
-- Locks the callback. An attempt ends once, so calling twice is safe; one that was taken for lost
-- and speaks up late is believed if it delivered, and otherwise only noted.
create or replace function batch.record_callback_attempt(
  p_callback_id uuid,
  p_attempt int,
  p_duration_ms int,
  p_status_code int,
  p_error text default null,
  p_response text default null,
  p_retry_after_seconds double precision default null
)
returns text
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_callback batch.callbacks;
  v_delay interval;
begin
  select c.* into v_callback from batch.callbacks as c where c.id = p_callback_id for update;

  update batch.callback_attempts as a
  set
    duration_ms = p_duration_ms,
    status_code = p_status_code,
    error = p_error,
    response = p_response
  where a.callback_id = p_callback_id and a.number = p_attempt and a.duration_ms is null;

  if not found or v_callback.state <> 'queued' then
    return v_callback.state;
  end if;

  if p_status_code between 200 and 299 then
    return batch.end_callback(v_callback, 'delivered');
  elsif p_attempt < v_callback.attempts then
    return v_callback.state;
  end if;

  v_delay := batch.callback_delay(
    greatest(1, v_callback.attempts - v_callback.attempts_before)
  );

  if p_status_code = 410 or v_delay is null then
    return batch.end_callback(v_callback, 'given_up');
  end if;

  update batch.callbacks as c
  set
    next_attempt_at = batch.clock() + greatest(
      v_delay, make_interval(secs => least(86400, coalesce(p_retry_after_seconds, 0)))
    ),
    worker_id = null,
    leased_until = null
  where c.id = p_callback_id;

  return v_callback.state;
end;
$$;
