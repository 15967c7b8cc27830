-- A cost to the eighth decimal; null, which is not known, for what its column cannot hold: 10,000
-- US dollars for one item, or less than nothing.
--
-- One expression and no pinned search_path, so that it is inlined.
create or replace function batch.storable_cost(p_usd numeric)
returns numeric
language sql
immutable
as $$
  select case when round(p_usd, 8) between 0 and 9999.99999999 then round(p_usd, 8) end;
$$;
