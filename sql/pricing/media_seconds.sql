-- How long a medium plays, in seconds, where its metadata says so; null where they do not.
-- Platforms name it differently.
create or replace function batch.media_seconds(p_metadata jsonb)
returns numeric
language sql
immutable
set search_path = ''
as $$
  select case when jsonb_typeof(said.seconds) = 'number' then (said.seconds #>> '{}')::numeric end
  from (
    select coalesce(
      p_metadata -> 'duration', p_metadata -> 'durationSeconds', p_metadata -> 'duration_seconds',
      p_metadata -> 'seconds'
    ) as seconds
  ) as said;
$$;
