-- Jobs by status, and what has become of their items: sums over progress rows, never over items.
create or replace function batch.job_metrics()
returns table (name text, labels jsonb, value numeric)
language sql
stable
set search_path = ''
as $$
  with totals as (
    select
      coalesce(sum(p.audio_processed), 0) as audio,
      coalesce(sum(p.images_processed), 0) as images,
      coalesce(sum(p.videos_processed), 0) as videos,
      coalesce(sum(p.documents_processed), 0) as documents,
      coalesce(sum(p.download_failed), 0) as download_failed,
      coalesce(sum(p.processing_failed), 0) as processing_failed,
      coalesce(sum(p.skipped), 0) as skipped,
      coalesce(sum(p.reused), 0) as reused,
      coalesce(sum(p.unpriced), 0) as unpriced,
      coalesce(sum(p.cost_usd), 0) as cost_usd,
      coalesce(sum(p.tokens_used), 0) as tokens_used
    from batch.job_progress as p
  )

  select 'backscroll_jobs', jsonb_build_object('status', known.status), count(j.id)
  from unnest(enum_range(null::batch.job_state)) as known (status)
  left join batch.jobs as j on j.status = known.status
  group by known.status
  union all
  select meter.name, meter.labels, meter.value
  from totals as t
  cross join lateral (
    values
      ('backscroll_items_processed_total', '{"content_type": "audio"}'::jsonb, t.audio),
      ('backscroll_items_processed_total', '{"content_type": "image"}', t.images),
      ('backscroll_items_processed_total', '{"content_type": "video"}', t.videos),
      ('backscroll_items_processed_total', '{"content_type": "document"}', t.documents),
      ('backscroll_items_failed_total', '{"stage": "download"}', t.download_failed),
      ('backscroll_items_failed_total', '{"stage": "processing"}', t.processing_failed),
      ('backscroll_items_skipped_total', '{}', t.skipped),
      ('backscroll_items_reused_total', '{}', t.reused),
      ('backscroll_items_unpriced_total', '{}', t.unpriced),
      ('backscroll_spending_usd_total', '{}', t.cost_usd),
      ('backscroll_tokens_total', '{}', t.tokens_used)
  ) as meter (name, labels, value);
$$;
