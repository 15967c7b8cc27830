-- A digest of the SQL that this database holds: tells a worker whether it is that of its release.
create or replace function batch.installed_checksum()
returns text
language sql
stable
set search_path = ''
as $$
  select i.checksum from batch.installations as i order by i.id desc limit 1;
$$;
