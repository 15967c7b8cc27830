-- Where a page ended, as a text that callers hand back without reading it: `name-value` of a flat
-- object of whole numbers and uuids, separated by dots, such as `seq-50`. It can stand in a URL,
-- and the pattern of each listing's cursors can be told.
create or replace function batch.encode_cursor(p_position jsonb)
returns text
language sql
immutable
as $$
  select string_agg(e.key || '-' || e.value, '.' order by e.key)
  from jsonb_each_text(p_position) as e;
$$;
