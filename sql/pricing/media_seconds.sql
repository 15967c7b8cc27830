-- How long a medium plays, in seconds, where its metadata says so; null where they do not.
-- Platforms name it differently.
create or replace function batch.media_seconds(p_metadata jsonb)
returns numeric
language sql
immutable
parallel safe
as $$
  select batch.number_of(
    coalesce(
      p_metadata -> 'duration', p_metadata -> 'durationSeconds', p_metadata -> 'duration_seconds',
      p_metadata -> 'seconds'
    ),
    1000000
  );
$$;
