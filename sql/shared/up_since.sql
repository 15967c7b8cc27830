-- Since when the database has been up without a break: nobody could be heard just before. A crash
-- of one session ends all of them, without a new start: then the statistics begin anew, and tell.
-- Whoever resets those of the background writer by hand makes this later, never earlier.
--
-- Tests set it: set batch.up_since = '2026-01-31 12:00+00'.
create or replace function batch.up_since()
returns timestamptz
language sql
stable
set search_path = ''
as $$
  select coalesce(
    nullif(current_setting('batch.up_since', true), '')::timestamptz,
    greatest(pg_postmaster_start_time(), pg_stat_get_bgwriter_stat_reset_time())
  );
$$;
