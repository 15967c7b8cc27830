-- The position in a cursor made by batch.encode_cursor, or null if it is not one.
create or replace function batch.decode_cursor(p_cursor text)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_object_agg(
    split_part(part.text, '-', 1),
    case
      when found.value ~ '^[0-9]{1,18}$' then to_jsonb(found.value::bigint)
      else to_jsonb(found.value)
    end
  )
  from string_to_table(p_cursor, '.') as part (text)
  cross join lateral (select substr(part.text, strpos(part.text, '-') + 1)) as found (value)
  where p_cursor ~ '^([a-zA-Z]+-([0-9]{1,18}|[0-9a-f-]{36})(\.(?=.)|$))+$';
$$;
