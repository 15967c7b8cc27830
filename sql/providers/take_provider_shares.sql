-- A worker takes the right to ask a provider up to p_wanted times, and says how many requests that
-- it took a share for are still under way: one call for many requests, and none where there is no
-- limit. It says so anew each time, so that an answer that was lost on its way takes no share
-- away for good. Returns how many are granted now and, if fewer than wanted, after how many
-- seconds to ask again. is_limited false means: no limit is set; ask nobody for a while.
--
-- Allowance comes back evenly over the minute and is kept for one second at most, so a minute
-- sees the limit and at most one second's worth more. Locks the provider's state row.
create or replace function batch.take_provider_shares(
  p_worker_id bigint, p_provider text, p_wanted int, p_in_flight int
)
returns table (granted int, retry_after_seconds double precision, is_limited boolean)
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_limit batch.provider_limits;
  v_state batch.provider_states;
  v_in_flight int;
  v_granted int;
begin
  select l.* into v_limit from batch.provider_limits as l where l.provider = p_provider;

  insert into batch.provider_states (provider, allowance, refilled_at)
  values (p_provider, 1, batch.clock())
  on conflict (provider) do nothing;

  select s.* into v_state
  from batch.provider_states as s where s.provider = p_provider for update;

  insert into batch.provider_leases as l (provider, worker_id, in_flight)
  values (p_provider, p_worker_id, p_in_flight)
  on conflict (provider, worker_id) do update
  set in_flight = excluded.in_flight;

  if v_state.held_until > batch.clock() then
    return query select
      0, extract(epoch from v_state.held_until - batch.clock())::double precision, true;
    return;
  end if;

  -- Workers that died while they asked hold nothing up.
  select coalesce(sum(l.in_flight), 0) into v_in_flight
  from batch.provider_leases as l
  join batch.workers as w on w.id = l.worker_id
  where l.provider = p_provider
    and w.stopped_at is null
    and w.last_seen_at > batch.clock() - interval '30 seconds';

  v_state.allowance := case
    when v_limit.requests_per_minute is null then p_wanted
    else least(
      greatest(1, v_limit.requests_per_minute / 60),
      v_state.allowance
        + greatest(0, extract(epoch from batch.clock() - v_state.refilled_at))
        * v_limit.requests_per_minute / 60
    )
  end;
  v_granted := greatest(0, least(
    p_wanted, floor(v_state.allowance)::int, v_limit.max_in_flight - v_in_flight
  ));

  update batch.provider_states as s
  set
    allowance = v_state.allowance - v_granted,
    refilled_at = greatest(s.refilled_at, batch.clock())
  where s.provider = p_provider;

  update batch.provider_leases as l
  set in_flight = l.in_flight + v_granted
  where l.provider = p_provider and l.worker_id = p_worker_id;

  return query select
    v_granted,
    -- what others have in flight may end at any moment; an allowance comes at its time
    case when v_granted < p_wanted then least(1.0, greatest(
      case when v_in_flight + v_granted >= v_limit.max_in_flight then 0.1 else 0.02 end,
      coalesce(
        (1 - (v_state.allowance - v_granted)) * 60 / v_limit.requests_per_minute, 0.1
      )
    )) else 0 end::double precision,
    v_limit.provider is not null;
end;
$$;
