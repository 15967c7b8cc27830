-- How many items a job's slices have until a pace is known. Slow ones are given back after a turn,
-- whatever the size; but where providers are asked about few items at a time, all slices together
-- have no more than two rounds of these: their turns would end all at once, and while the last
-- items of each end, nobody could begin others.
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
