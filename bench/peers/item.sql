with result as (
  insert into bench_results (
    job_id, seq, status, provider, model, cost_usd, tokens_used, processing_ms, worker_id,
    started_at, finished_at
  )
  values ($4::text::uuid, $1::int, 'processed', 'local', 'bench', 0, 0, 0, 1, now(), now())
),

content as (
  insert into public.media_content (
    media_id, processing_type, content, model, provider, tokens_used, cost_usd, batch_job_id,
    processing_time_ms
  )
  values ($2::text::uuid, 'extraction', $3::text, 'bench', 'local', 0, 0, $4::text::uuid, 0)
)

update public.messages as m
set document_extraction = $3::text, updated_at = now() at time zone 'utc'
where m.id = $2::text::uuid
