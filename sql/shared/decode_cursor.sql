-- The position in a cursor made by batch.encode_cursor, or null if it is not one.
create or replace function batch.decode_cursor(p_cursor text)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_base64 text := translate(p_cursor, '-_', '+/');
begin
  return convert_from(
    decode(v_base64 || repeat('=', (4 - length(v_base64) % 4) % 4), 'base64'), 'utf8'
  )::jsonb;
exception
  when data_exception then
    return null;
end;
$$;
