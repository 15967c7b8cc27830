-- depends: 0009.reliability

-- Every item makes a claim, and a foreign key would look its job up, and lock it, for each. Claims
-- are made of jobs that are there (batch.admit_items), and go with them (tg_jobs__release_claims).
alter table batch.claims drop constraint claims_job_id_fkey;
