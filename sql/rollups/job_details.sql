-- What became of a job's items, as GET /api/v1/batch-jobs/{id}/details answers: a page of the
-- processed and a page of the failed, each in the job's order from behind its cursor.
-- p_query holds the query's parameters as texts: limit (1 to 200, 50 if absent),
-- processedCursor, failedCursor.
--
-- Raises BJ404 if there is no such job, BJ422 for a parameter that cannot be used.
create or replace function batch.job_details(p_job_id uuid, p_query jsonb default '{}')
returns json
language plpgsql
stable
set search_path = ''
as $$
declare
  v_job batch.batch_jobs;
  v_problems jsonb;
  v_limit int;
  v_processed json;
  v_failed json;
begin
  select v.* into v_job from batch.batch_jobs as v where v.id = p_job_id;

  if not found then
    raise exception using errcode = 'BJ404', message = format('no batch job %s', p_job_id);
  end if;

  select jsonb_agg(jsonb_build_object('field', p.field, 'problem', p.problem)) into v_problems
  from batch.list_problems(p_query, '{limit,processedCursor,failedCursor}') as p;

  perform batch.refuse(v_problems, 'the query');

  v_limit := coalesce((p_query ->> 'limit')::int, 50);
  v_processed := batch.result_page(p_job_id, 'processed', p_query ->> 'processedCursor', v_limit);
  v_failed := batch.result_page(p_job_id, 'failed', p_query ->> 'failedCursor', v_limit);

  return json_build_object(
    'jobId', v_job.id,
    'status', v_job.status,
    'processedItems', v_processed -> 'items',
    'failedItems', v_failed -> 'items',
    'nextProcessedCursor', v_processed -> 'nextCursor',
    'nextFailedCursor', v_failed -> 'nextCursor',
    'resultsSummary', v_job.results_summary,
    'estimate', v_job.estimate,
    'actual', json_build_object(
      'costUsd', v_job.total_cost_usd,
      'unpricedItems', v_job.unpriced_items,
      'reusedItems', v_job.reused_items,
      'durationSeconds', round(
        extract(epoch from coalesce(v_job.completed_at, batch.clock()) - v_job.started_at), 1
      )
    )
  );
end;
$$;
