-- How many pages a document has, where its metadata says so; null where they do not.
-- Platforms name it differently.
create or replace function batch.media_pages(p_metadata jsonb)
returns numeric
language sql
immutable
parallel safe
as $$
  select batch.number_of(
    coalesce(
      p_metadata -> 'pageCount', p_metadata -> 'pages', p_metadata -> 'page_count',
      p_metadata -> 'numPages'
    ),
    1000000
  );
$$;
