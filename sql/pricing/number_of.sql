-- A number that a platform tells of a medium, between 0 and p_most; null for anything else. Some
-- write them as texts.
create or replace function batch.number_of(p_value jsonb, p_most numeric)
returns numeric
language sql
immutable
set search_path = ''
as $$
  select case when said.number between 0 and p_most then said.number end
  from (
    select case
      when jsonb_typeof(p_value) = 'number' or p_value #>> '{}' ~ '^[0-9]{1,15}(\.[0-9]{1,9})?$'
        then (p_value #>> '{}')::numeric
    end as number
  ) as said;
$$;
