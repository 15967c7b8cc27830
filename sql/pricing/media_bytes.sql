-- How large a medium is, in bytes, where its metadata says so; null where they do not.
-- Platforms name it differently.
create or replace function batch.media_bytes(p_metadata jsonb)
returns numeric
language sql
immutable
parallel safe
as $$
  select batch.number_of(
    coalesce(
      p_metadata -> 'size', p_metadata -> 'fileSize', p_metadata -> 'file_size',
      p_metadata -> 'fileLength', p_metadata -> 'bytes'
    ),
    1e15
  );
$$;
