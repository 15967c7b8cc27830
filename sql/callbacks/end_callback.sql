-- Ends a callback as delivered or given up, the latter as an event of its job. Returns that state.
-- The caller holds the lock on its row.
create or replace function batch.end_callback(
  p_callback batch.callbacks, p_state batch.callback_state
)
returns text
language sql
volatile
set search_path = ''
as $$
  update batch.callbacks as c
  set
    state = p_state,
    next_attempt_at = null,
    ended_at = batch.clock(),
    worker_id = null,
    leased_until = null
  where c.id = p_callback.id;

  insert into batch.job_events (job_id, type, actor, details, created_at)
  select
    p_callback.job_id, 'callback_given_up', batch.actor(),
    json_build_object(
      'callbackId', p_callback.id,
      'type', p_callback.type,
      'attempts', p_callback.attempts,
      'error', a.error
    ),
    batch.clock()
  from batch.callback_attempts as a
  where a.callback_id = p_callback.id
    and a.number = p_callback.attempts
    and p_state = 'given_up';

  select p_state::text;
$$;
