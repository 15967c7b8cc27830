-- What an item cost: the sum over its requests to providers. Nothing was asked of anybody: 0.
-- Null if the cost of any request is not known, or the sum is more than a result can hold.
create or replace function batch.cost_of_usages(p_usages jsonb, p_at timestamptz)
returns numeric
language sql
stable
set search_path = ''
as $$
  select case
    when count(*) filter (where cost.usd is null) = 0
      then batch.storable_cost(coalesce(sum(cost.usd), 0))
  end
  from jsonb_array_elements(p_usages) as u (usage)
  cross join lateral (select batch.cost_of_usage(u.usage, p_at) as usd) as cost;
$$;
