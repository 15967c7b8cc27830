-- Every batch job as its readers see it: the contract of the REST API, psql and dashboards.
-- Columns are only ever added at the end.
--
-- Reading one job costs the same for 10 items and for 10 million: a running job has one progress
-- row per worker, an ended one a single row.
create or replace view batch.batch_jobs as
select
  j.id,
  j.job_type,
  j.instance_id,
  j.request_params,
  j.status::text as status,
  j.total_found,
  j.total_items,
  counted.processed as processed_items,
  counted.failed as failed_items,
  j.skipped_at_plan + counted.skipped as skipped_items,
  case when j.status = 'processing' then counted.current_item end as current_item,
  case
    when j.total_items > 0 then trunc(100.0 * ended.items / j.total_items, 2)
    when j.status = 'completed' then 100
    else 0
  end::numeric(5, 2) as progress_percent,
  counted.cost_usd as total_cost_usd,
  counted.tokens_used as total_tokens,
  jsonb_build_object(
    'audioProcessed', counted.audio_processed,
    'imagesProcessed', counted.images_processed,
    'videosProcessed', counted.videos_processed,
    'documentsProcessed', counted.documents_processed,
    'downloadFailed', counted.download_failed,
    'processingFailed', counted.processing_failed
  ) as results_summary,
  coalesce(j.error_message, j.pause_message) as error_message,
  case when j.status = 'processing' and ended.items between 1 and j.total_items - 1 then
    batch.clock()
      + (j.active_before + (batch.clock() - j.active_since))
      * ((j.total_items - ended.items)::float / ended.items)
  end as estimated_completion,
  j.created_at,
  j.started_at,
  j.completed_at,
  j.chat_id,
  j.content_types,
  j.lanes,
  j.priority,
  j.pause_reason,
  j.max_cost_usd,
  counted.reused as reused_items,
  counted.unpriced as unpriced_items,
  j.estimate,
  j.failure_threshold,
  j.callback_url,
  j.metadata,
  j.retry_of
from batch.jobs as j
cross join lateral (
  select
    coalesce(sum(p.audio_processed), 0)::int as audio_processed,
    coalesce(sum(p.images_processed), 0)::int as images_processed,
    coalesce(sum(p.videos_processed), 0)::int as videos_processed,
    coalesce(sum(p.documents_processed), 0)::int as documents_processed,
    coalesce(sum(p.download_failed), 0)::int as download_failed,
    coalesce(sum(p.processing_failed), 0)::int as processing_failed,
    coalesce(sum(
      p.audio_processed + p.images_processed + p.videos_processed + p.documents_processed
    ), 0)::int as processed,
    coalesce(sum(p.download_failed + p.processing_failed), 0)::int as failed,
    coalesce(sum(p.skipped), 0)::int as skipped,
    coalesce(sum(p.reused), 0)::int as reused,
    coalesce(sum(p.unpriced), 0)::int as unpriced,
    coalesce(sum(p.cost_usd), 0)::numeric(16, 8) as cost_usd,
    coalesce(sum(p.tokens_used), 0)::bigint as tokens_used,
    (array_agg(p.current_item order by p.last_seen_at desc)
      filter (where p.current_item is not null))[1] as current_item
  from batch.job_progress as p
  where p.job_id = j.id
) as counted
cross join lateral (
  select counted.processed + counted.failed + counted.skipped as items
) as ended;
