-- A provider has asked to be left alone for a while (Retry-After): all workers hold back.
-- At most ten minutes, whatever it asked for.
create or replace function batch.hold_provider(p_provider text, p_seconds double precision)
returns void
language sql
volatile
set search_path = ''
as $$
  insert into batch.provider_states as s (provider, allowance, refilled_at, held_until)
  values (
    p_provider, 1, batch.clock(),
    batch.clock() + make_interval(secs => least(600, greatest(0, p_seconds)))
  )
  on conflict (provider) do update
  set held_until = greatest(s.held_until, excluded.held_until);
$$;
