-- A number that a platform tells of a medium, between 0 and p_most; null for anything else. Some
-- write them as texts.
--
-- One expression and no pinned search_path, as those that call it, so that all of them are inlined:
-- an estimate calls them for every message.
create or replace function batch.number_of(p_value jsonb, p_most numeric)
returns numeric
language sql
immutable
parallel safe
as $$
  select case
    when jsonb_typeof(p_value) = 'number' or p_value #>> '{}' ~ '^[0-9]{1,15}(\.[0-9]{1,9})?$'
      then case
        when (p_value #>> '{}')::numeric between 0 and p_most then (p_value #>> '{}')::numeric
      end
  end;
$$;
