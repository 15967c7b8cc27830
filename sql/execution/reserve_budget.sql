-- Reserves what an item may cost of its job's budget, if it has one. Returns `go` if the budget
-- holds it, `wait` if it may once items in hand have ended, and otherwise pauses the job: `stop`.
-- p_may_use is the most that a request can use, for each provider that may be asked instead of
-- another: the dearest counts. If one of them has no price, no budget can hold the item: `stop`.
--
-- Locks the job, so that of two callers the later sees what the earlier reserved. Calling twice
-- is safe.
create or replace function batch.reserve_budget(p_job_id uuid, p_seq int, p_may_use jsonb)
returns text
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_budget numeric;
  v_free numeric;
  v_reserved numeric;
  v_may_cost numeric;
  v_unpriced text;
begin
  select j.max_cost_usd into v_budget
  from batch.jobs as j
  where j.id = p_job_id and j.max_cost_usd is not null
  for no key update;

  if not found then
    return 'go';
  end if;

  select coalesce(max(cost.usd), 0), string_agg(
    distinct format('%s %s', u.usage ->> 'provider', u.usage ->> 'model'), ', '
  ) filter (where cost.usd is null)
  into v_may_cost, v_unpriced
  from jsonb_array_elements(p_may_use) as u (usage)
  cross join lateral (select batch.cost_of_usage(u.usage, batch.clock()) as usd) as cost;

  if v_unpriced is not null then
    delete from batch.claims as c where c.job_id = p_job_id and c.seq = p_seq;
    perform batch.hold_job(p_job_id, 'budget', format(
      'what %s costs is not known, so maxCostUsd cannot be kept: give the model a price'
      ' (backscroll prices sync, or insert into batch.model_prices) and resume,'
      ' or lift maxCostUsd',
      v_unpriced
    ));
    return 'stop';
  end if;

  select coalesce(sum(r.usd), 0) into v_reserved
  from batch.reservations as r where r.job_id = p_job_id and r.seq <> p_seq;
  select v_budget - v.total_cost_usd - v_reserved into v_free
  from batch.batch_jobs as v where v.id = p_job_id;

  if v_free > 0 and v_may_cost <= v_free then
    insert into batch.reservations (job_id, seq, usd)
    values (p_job_id, p_seq, v_may_cost)
    on conflict (job_id, seq) do update set usd = excluded.usd;
    return 'go';
  end if;

  -- Others may make its text meanwhile.
  delete from batch.claims as c where c.job_id = p_job_id and c.seq = p_seq;

  if v_reserved > 0 then
    return 'wait';
  end if;

  perform batch.hold_job(p_job_id, 'budget', format(
    '%s of %s USD are spent, and the next item may cost %s: raise maxCostUsd to go on',
    v_budget - v_free, v_budget, v_may_cost
  ));
  return 'stop';
end;
$$;
