-- Tells everybody who listens on batch_jobs where a job stands now: what batch.status_json says,
-- and first the id of the transaction that tells it. Who has read the state in a snapshot knows by
-- that whether this is news. Delivered when the transaction commits.
create or replace function batch.notify_job(p_job_id uuid)
returns void
language sql
volatile
set search_path = ''
as $$
  select pg_notify(
    'batch_jobs',
    format(
      '{"transaction" : %s, %s', pg_current_xact_id(), substr(batch.status_json(v)::text, 2)
    )
  )
  from batch.batch_jobs as v
  where v.id = p_job_id;
$$;
