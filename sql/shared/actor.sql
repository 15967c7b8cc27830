-- Who is doing this, for the job's events: the database's role and the program it speaks
-- through, such as `alice (psql)`, unless the session names somebody else in batch.actor.
create or replace function batch.actor()
returns text
language sql
stable
as $$
  select coalesce(
    nullif(current_setting('batch.actor', true), ''),
    session_user || coalesce(' (' || nullif(current_setting('application_name'), '') || ')', '')
  );
$$;
