-- Every job whose counters differ from the rows they count: none, at any moment, also while
-- workers run. Jobs whose items were pruned have nothing left to be held against. Reads all items,
-- so it takes a while on a large history.
create or replace function batch.audit()
returns table (job_id uuid, counter text, counted numeric, found numeric)
language sql
stable
set search_path = ''
as $$
  with planned as (
    select i.job_id, count(*) as items, max(i.seq) as last_seq
    from batch.items as i
    group by i.job_id
  ),

  results as (
    select
      r.job_id,
      count(*) filter (where r.status = 'processed' and i.content_type = 'audio') as audio,
      count(*) filter (where r.status = 'processed' and i.content_type = 'image') as images,
      count(*) filter (where r.status = 'processed' and i.content_type = 'video') as videos,
      count(*) filter (where r.status = 'processed' and i.content_type = 'document') as documents,
      count(*) filter (where r.status = 'failed' and e.stage = 'download') as downloads,
      count(*) filter (where r.status = 'failed' and e.stage is distinct from 'download')
        as processings,
      count(*) filter (where r.status = 'skipped') as skipped,
      count(*) filter (where r.is_reused) as reused,
      count(*) filter (where r.cost_usd is null) as unpriced,
      count(*) filter (where i.seq is null) as strays,
      count(*) as items,
      sum(r.cost_usd) as cost_usd,
      sum(r.tokens_used) as tokens_used
    from batch.item_results as r
    left join batch.items as i on i.job_id = r.job_id and i.seq = r.seq
    left join batch.error_codes as e on e.code = r.error_code
    group by r.job_id
  ),

  -- what was billed for items that have no result
  attempts as (
    select
      a.job_id, sum(a.cost_usd) as cost_usd, sum(a.tokens_used) as tokens_used,
      count(distinct a.seq) filter (where a.cost_usd is null) as unpriced,
      count(*) filter (where r.seq is not null) as strays
    from batch.billed_attempts as a
    left join batch.item_results as r on r.job_id = a.job_id and r.seq = a.seq
    group by a.job_id
  ),

  open_slices as (
    select s.job_id, count(*) as slices from batch.slices as s where s.state <> 'done'
    group by s.job_id
  )

  select v.id, checked.counter, checked.counted, checked.found
  from batch.batch_jobs as v
  join batch.jobs as j on j.id = v.id
  left join planned as p on p.job_id = v.id
  left join results as r on r.job_id = v.id
  left join attempts as a on a.job_id = v.id
  left join open_slices as s on s.job_id = v.id
  cross join lateral (
    values
      ('items', v.total_items, coalesce(p.items, 0)),
      ('last item', v.total_items, coalesce(p.last_seq, 0)),
      ('audio processed', (v.results_summary -> 'audioProcessed')::numeric, coalesce(r.audio, 0)),
      ('images processed', (v.results_summary -> 'imagesProcessed')::numeric,
        coalesce(r.images, 0)),
      ('videos processed', (v.results_summary -> 'videosProcessed')::numeric,
        coalesce(r.videos, 0)),
      ('documents processed', (v.results_summary -> 'documentsProcessed')::numeric,
        coalesce(r.documents, 0)),
      ('downloads failed', (v.results_summary -> 'downloadFailed')::numeric,
        coalesce(r.downloads, 0)),
      ('processings failed', (v.results_summary -> 'processingFailed')::numeric,
        coalesce(r.processings, 0)),
      ('skipped', v.skipped_items - j.skipped_at_plan, coalesce(r.skipped, 0)),
      ('reused', v.reused_items, coalesce(r.reused, 0)),
      ('unpriced', v.unpriced_items, coalesce(r.unpriced, 0) + coalesce(a.unpriced, 0)),
      ('results without an item', 0, coalesce(r.strays, 0)),
      ('attempts beside a result', 0, coalesce(a.strays, 0)),
      ('cost', v.total_cost_usd, coalesce(r.cost_usd, 0) + coalesce(a.cost_usd, 0)),
      ('tokens', v.total_tokens, coalesce(r.tokens_used, 0) + coalesce(a.tokens_used, 0)),
      ('results of a completed job', case v.status when 'completed' then v.total_items end,
        case v.status when 'completed' then coalesce(r.items, 0) end),
      ('open slices of a completed job', case v.status when 'completed' then 0 end,
        case v.status when 'completed' then coalesce(s.slices, 0) end)
  ) as checked (counter, counted, found)
  where j.prune_began_at is null and checked.counted is distinct from checked.found;
$$;
