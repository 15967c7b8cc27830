-- Where a page ended, as a text that callers hand back without reading it (URL-safe base64).
create or replace function batch.encode_cursor(p_position jsonb)
returns text
language sql
immutable
as $$
  select translate(encode(convert_to(p_position::text, 'utf8'), 'base64'), E'+/=\n', '-_');
$$;
