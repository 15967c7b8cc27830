-- How many items the next slice should have so that it lasts about four seconds, at the pace of
-- the one that has just run. Grows at most sixteenfold a step, since a first pace is a rough one;
-- what turns out slower is given back after a turn. From 1 to 1,000 items: more would only make a
-- worker hold more in memory.
create or replace function batch.next_slice_size(p_size int, p_items int, p_elapsed interval)
returns int
language sql
immutable
set search_path = ''
as $$
  select greatest(1, least(
    1000,
    p_size * 16,
    p_items * 4.0 / greatest(extract(epoch from p_elapsed), 0.001)
  ))::int;
$$;
