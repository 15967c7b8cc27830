-- Sums a job's progress rows into one, that of worker 0: what remains once nobody works on it.
-- Readers see the same sums before and after. Calling twice is safe.
create or replace function batch.fold_progress(p_job_id uuid)
returns void
language sql
volatile
set search_path = ''
as $$
  with shares as (
    delete from batch.job_progress as p
    where p.job_id = p_job_id and p.worker_id <> 0
    returning p.*
  )

  insert into batch.job_progress as folded (
    job_id, worker_id, audio_processed, images_processed, videos_processed, documents_processed,
    download_failed, processing_failed, skipped, reused, unpriced, cost_usd, tokens_used,
    last_seen_at
  )
  select
    p_job_id, 0, sum(s.audio_processed), sum(s.images_processed), sum(s.videos_processed),
    sum(s.documents_processed), sum(s.download_failed), sum(s.processing_failed),
    sum(s.skipped), sum(s.reused), sum(s.unpriced), sum(s.cost_usd), sum(s.tokens_used),
    max(s.last_seen_at)
  from shares as s
  having count(*) > 0
  on conflict (job_id, worker_id) do update
  set
    audio_processed = folded.audio_processed + excluded.audio_processed,
    images_processed = folded.images_processed + excluded.images_processed,
    videos_processed = folded.videos_processed + excluded.videos_processed,
    documents_processed = folded.documents_processed + excluded.documents_processed,
    download_failed = folded.download_failed + excluded.download_failed,
    processing_failed = folded.processing_failed + excluded.processing_failed,
    skipped = folded.skipped + excluded.skipped,
    reused = folded.reused + excluded.reused,
    unpriced = folded.unpriced + excluded.unpriced,
    cost_usd = folded.cost_usd + excluded.cost_usd,
    tokens_used = folded.tokens_used + excluded.tokens_used,
    last_seen_at = excluded.last_seen_at;
$$;
