-- The release of Backscroll that this database is migrated to; null before the first migration.
create or replace function batch.installed_version()
returns text
language sql
stable
set search_path = ''
as $$
  select i.version from batch.installations as i order by i.id desc limit 1;
$$;
