-- A time written in ISO 8601, UTC where no zone is given, or null if it is not one.
create or replace function batch.read_time(p_text text)
returns timestamptz
language plpgsql
immutable
set search_path = ''
set timezone = 'UTC'
set datestyle = 'ISO, YMD'
as $$
begin
  -- Postgres also takes words such as 'tomorrow' and 'BC', which a caller cannot have meant.
  return case
    when p_text ~* '^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?)?$'
      then p_text::timestamptz
  end;
exception
  when data_exception then
    return null;
end;
$$;
