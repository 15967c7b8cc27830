-- The job's id (null stays null), if its caller may see it: those with instances see the jobs of
-- these alone, null sees all. Who may not see a job cannot tell it from one that does not exist.
--
-- Raises BJ404.
create or replace function batch.visible_job(p_job_id uuid, p_instance_ids uuid[])
returns uuid
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_job_id is not null
    and p_instance_ids is not null
    and not exists (
      select from batch.jobs as j
      where j.id = p_job_id and j.instance_id = any (p_instance_ids)
    )
  then
    raise exception using errcode = 'BJ404', message = format('no batch job %s', p_job_id);
  end if;

  return p_job_id;
end;
$$;
