-- How many items of a slice ended beside each other instead of one after the other, 0 where they
-- did not: most of them must have been worked on for most of its turn. Such a slice would have
-- taken as long with fewer items, so its pace says nothing, and smaller ones would end no sooner.
-- Of one or two items nothing can be told.
create or replace function batch.ended_at_once(
  p_items bigint, p_processing_ms bigint, p_elapsed interval
)
returns int
language sql
immutable
set search_path = ''
as $$
  select case
    when p_items > 2
      and p_processing_ms >= 0.6 * p_items * extract(epoch from p_elapsed) * 1000
      then p_items::int
    else 0
  end;
$$;
