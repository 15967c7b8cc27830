-- A time as every answer writes it: ISO 8601 in UTC, milliseconds, Z.
create or replace function batch.iso_time(p_time timestamptz)
returns text
language sql
stable
as $$
  select to_char(p_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
$$;
