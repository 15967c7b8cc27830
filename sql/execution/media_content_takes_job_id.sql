-- Whether media_content.batch_job_id can hold our job's id: not on Omni's own database, where it
-- refers to Omni's own table of jobs.
create or replace function batch.media_content_takes_job_id()
returns boolean
language sql
stable
set search_path = ''
as $$
  select not exists (
    select
    from pg_catalog.pg_constraint as c
    join pg_catalog.pg_attribute as a on a.attrelid = c.conrelid and a.attnum = any (c.conkey)
    where c.conrelid = 'public.media_content'::regclass
      and c.contype = 'f'
      and a.attname = 'batch_job_id'
  );
$$;
