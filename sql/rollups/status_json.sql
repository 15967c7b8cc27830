-- Where a job stands, as /status answers, as streams send and as LISTEN batch_jobs hears it.
create or replace function batch.status_json(p_job batch.batch_jobs)
returns json
language sql
stable
set search_path = ''
as $$
  select json_build_object(
    'jobId', p_job.id,
    'instanceId', p_job.instance_id,
    'status', p_job.status,
    'isFinal', batch.is_final(p_job.id),
    'totalItems', p_job.total_items,
    'processedItems', p_job.processed_items,
    'failedItems', p_job.failed_items,
    'skippedItems', p_job.skipped_items,
    'progressPercent', p_job.progress_percent,
    'currentItem', p_job.current_item,
    'totalCostUsd', p_job.total_cost_usd,
    'totalTokens', p_job.total_tokens,
    'estimatedCompletion', batch.iso_time(p_job.estimated_completion),
    'startedAt', batch.iso_time(p_job.started_at),
    'completedAt', batch.iso_time(p_job.completed_at)
  );
$$;
