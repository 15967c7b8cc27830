-- The claims of a job that is deleted are given up: others wait for them.
--
-- A trigger and not a foreign key, which would look the job up again for every claim.
create or replace function batch.tg_jobs__release_claims()
returns trigger
language plpgsql
volatile
set search_path = ''
as $$
begin
  delete from batch.claims as c where c.job_id = old.id;
  return null;
end;
$$;

-- Made again it would wait for all who write jobs, who may wait for what an upgrade has replaced
-- before. It never changes.
do $$
begin
  if not exists (
    select from pg_catalog.pg_trigger as t
    where t.tgrelid = 'batch.jobs'::regclass and t.tgname = 'tg_jobs__release_claims'
  ) then
    create trigger tg_jobs__release_claims
    after delete on batch.jobs
    for each row execute function batch.tg_jobs__release_claims();
  end if;
end;
$$;
