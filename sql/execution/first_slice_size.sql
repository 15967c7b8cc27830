-- How many items a job's slices have until a pace is known. Where providers are asked about few at
-- a time, all slices together have two rounds of these, or 16 items each: larger ones would be
-- given back all at once when their turn is over, and while the last items of each end, no others
-- begin.
create or replace function batch.first_slice_size(p_places numeric, p_lanes int)
returns int
language sql
immutable
set search_path = ''
as $$
  select case
    when p_places = 0 then 64
    else greatest(16, least(64, ceil(2 * p_places / p_lanes)))
  end::int;
$$;
