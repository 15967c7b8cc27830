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

create or replace trigger tg_jobs__release_claims
after delete on batch.jobs
for each row execute function batch.tg_jobs__release_claims();
