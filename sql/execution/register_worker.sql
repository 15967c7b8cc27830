-- A worker process announces itself. The id it gets marks what it takes and counts.
-- p_capacity says how many items of each content type it processes at a time, 0 where it has no
-- provider: {"audio": 8, "image": 1, "video": 0, "document": 2}. p_offers says whom it asks first:
-- {"audio": {"provider": "groq", "model": "whisper-large-v3-turbo"}}.
--
-- Those that are gone leave their counters behind: see batch.retire_meters.
create or replace function batch.register_worker(
  p_name text, p_capacity jsonb, p_offers jsonb default '{}'
)
returns bigint
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_id bigint;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception using
      errcode = 'BJ409',
      message = format(
        'transactions of %s are %s by default, in which workers do not see what others have just'
        ' reserved of a budget',
        session_user, current_setting('transaction_isolation')
      ),
      hint = format(
        'alter role %I set default_transaction_isolation = ''read committed''', session_user
      );
  end if;

  perform batch.retire_meters();

  insert into batch.workers (name, capacity, offers, started_at, alive_since, last_seen_at)
  values (p_name, p_capacity, p_offers, batch.clock(), batch.clock(), batch.clock())
  returning id into v_id;
  return v_id;
end;
$$;
