-- One row of batch.batch_jobs as the REST API writes it.
create or replace function batch.job_json(p_job batch.batch_jobs)
returns json
language sql
stable
set search_path = ''
as $$
  select json_build_object(
    'id', p_job.id,
    'jobType', p_job.job_type,
    'instanceId', p_job.instance_id,
    'chatId', p_job.chat_id,
    'requestParams', p_job.request_params,
    'status', p_job.status,
    'totalFound', p_job.total_found,
    'totalItems', p_job.total_items,
    'processedItems', p_job.processed_items,
    'failedItems', p_job.failed_items,
    'skippedItems', p_job.skipped_items,
    'currentItem', p_job.current_item,
    'progressPercent', p_job.progress_percent,
    'totalCostUsd', p_job.total_cost_usd,
    'totalTokens', p_job.total_tokens,
    'resultsSummary', p_job.results_summary,
    'reusedItems', p_job.reused_items,
    'unpricedItems', p_job.unpriced_items,
    'maxCostUsd', p_job.max_cost_usd,
    'failureThreshold', p_job.failure_threshold,
    'priority', p_job.priority,
    'lanes', p_job.lanes,
    'callbackUrl', p_job.callback_url,
    'metadata', p_job.metadata,
    'retryOf', p_job.retry_of,
    'pauseReason', p_job.pause_reason,
    'errorMessage', p_job.error_message,
    'estimatedCompletion', batch.iso_time(p_job.estimated_completion),
    'createdAt', batch.iso_time(p_job.created_at),
    'startedAt', batch.iso_time(p_job.started_at),
    'completedAt', batch.iso_time(p_job.completed_at)
  );
$$;

-- The same for the job of an id. Raises BJ404 if there is no such job.
create or replace function batch.job_json(p_job_id uuid)
returns json
language plpgsql
stable
set search_path = ''
as $$
declare
  v_json json;
begin
  select batch.job_json(v) into v_json from batch.batch_jobs as v where v.id = p_job_id;

  if v_json is null then
    raise exception using errcode = 'BJ404', message = format('no batch job %s', p_job_id);
  end if;

  return v_json;
end;
$$;
