delete from batch.claims as c
where not exists (select from batch.jobs as j where j.id = c.job_id);
alter table batch.claims
  add constraint claims_job_id_fkey foreign key (job_id) references batch.jobs (id)
  on delete cascade;
