-- Where a job stands, as GET /api/v1/batch-jobs/{id}/status answers: cheap enough to poll.
-- A few index look-ups and the job's few progress rows, however many items it has.
--
-- Raises BJ404 if there is no such job.
create or replace function batch.job_status(p_job_id uuid)
returns json
language plpgsql
stable
set search_path = ''
as $$
declare
  v_status json;
begin
  select batch.status_json(v) into v_status from batch.batch_jobs as v where v.id = p_job_id;

  if v_status is null then
    raise exception using errcode = 'BJ404', message = format('no batch job %s', p_job_id);
  end if;

  return v_status;
end;
$$;
