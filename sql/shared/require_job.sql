-- Raises BJ404 if there is no such job.
create or replace function batch.require_job(p_job_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if not exists (select from batch.jobs as j where j.id = p_job_id) then
    raise exception using errcode = 'BJ404', message = format('no batch job %s', p_job_id);
  end if;
end;
$$;
