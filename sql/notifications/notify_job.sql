-- Tells everybody who listens on batch_jobs where a job stands now: its status and its counts,
-- as compact JSON with the names of the REST API. Delivered when the transaction commits.
create or replace function batch.notify_job(p_job_id uuid)
returns void
language sql
volatile
set search_path = ''
as $$
  select pg_notify('batch_jobs', json_build_object(
    'jobId', v.id,
    'status', v.status,
    'totalItems', v.total_items,
    'processedItems', v.processed_items,
    'failedItems', v.failed_items,
    'skippedItems', v.skipped_items,
    'progressPercent', v.progress_percent,
    'totalCostUsd', v.total_cost_usd
  )::text)
  from batch.batch_jobs as v
  where v.id = p_job_id;
$$;
