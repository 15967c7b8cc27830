-- What time it is: the start of the client's statement, by the database's clock. Every time that
-- Backscroll stores comes from here, so no worker's clock matters.
--
-- Tests set it: set batch.now = '2026-01-31 12:00+00'.
create or replace function batch.clock()
returns timestamptz
language sql
stable
as $$
  select coalesce(
    nullif(current_setting('batch.now', true), '')::timestamptz,
    statement_timestamp()
  );
$$;
