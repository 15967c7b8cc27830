-- Who logs in: an owner, who migrates, and one login for each of Backscroll's roles. Run it once,
-- as a superuser, in the database that Backscroll will own, before the first `backscroll migrate`:
--
--   OWNER_PASSWORD=... API_PASSWORD=... WORKER_PASSWORD=... READER_PASSWORD=... \
--     psql -d backscroll -f deploy/logins.sql
--
-- The passwords come from the environment, so that no list of processes shows them.
\set ON_ERROR_STOP on
\getenv owner_password OWNER_PASSWORD
\getenv api_password API_PASSWORD
\getenv worker_password WORKER_PASSWORD
\getenv reader_password READER_PASSWORD
select :{?owner_password} and :{?api_password} and :{?worker_password} and :{?reader_password}
  as are_known \gset
\if :are_known
  select '' <> all (
    array[:'owner_password', :'api_password', :'worker_password', :'reader_password']
  ) as are_known \gset
\endif
\if :are_known
\else
  do $$ begin raise 'set OWNER_PASSWORD, API_PASSWORD, WORKER_PASSWORD and READER_PASSWORD'; end $$;
\endif

begin;

-- As `backscroll migrate` would make them, if its user could.
select format('create role %I nologin', wanted.role)
from unnest('{backscroll_api,backscroll_worker,backscroll_reader}'::text[]) as wanted (role)
where to_regrole(wanted.role) is null
\gexec

create role backscroll_owner login password :'owner_password';
create role backscroll_api_login login in role backscroll_api password :'api_password';
create role backscroll_worker_login login in role backscroll_worker password :'worker_password';
create role backscroll_reader_login login in role backscroll_reader password :'reader_password';

alter database :"DBNAME" owner to backscroll_owner;

-- For people: `select * from batch_jobs`, and nothing that runs all night.
alter role backscroll_reader_login set search_path = batch, public;
alter role backscroll_reader_login set statement_timeout = '60s';

commit;
