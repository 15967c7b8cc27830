-- What an item cost: the sum over its requests to providers. Nothing was asked of anybody: 0.
-- Null if the cost of any request is not known, or the sum is more than a result can hold.
create or replace function batch.cost_of_usages(p_usages jsonb, p_at timestamptz)
returns numeric
language plpgsql
stable
set search_path = ''
as $$
declare
  v_usd numeric := 0;
begin
  for v_place in 0 .. jsonb_array_length(p_usages) - 1 loop
    v_usd := v_usd + batch.cost_of_usage(p_usages -> v_place, p_at);
  end loop;

  return batch.storable_cost(v_usd);
end;
$$;
