-- The price of a unit of a model that was valid at a time: null if the price book has none.
create or replace function batch.price_at(
  p_provider text, p_model text, p_unit text, p_at timestamptz
)
returns batch.model_prices
language sql
stable
set search_path = ''
as $$
  select p
  from batch.model_prices as p
  where p.provider = p_provider
    and p.model = p_model
    and p.unit = p_unit
    and p.valid_from <= p_at
  order by p.valid_from desc
  limit 1;
$$;
