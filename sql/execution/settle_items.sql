-- Gives a result to items of a slice that need no work any more: `skipped` where another job has
-- made the text meanwhile (unless this one is forced), `failed` where the message is gone or three
-- workers have died over the item. Those named that do need work get none.
--
-- What was billed for them before they were given up becomes their cost.
--
-- Inserts only where no result is, so calling twice is safe.
create or replace function batch.settle_items(
  p_job batch.jobs, p_worker_id bigint, p_seqs int[]
)
returns void
language plpgsql
volatile
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
begin
  with verdicts as materialized (
    select
      i.seq, verdict.status, verdict.error_code, billed.usage, billed.tokens,
      case when billed.is_priced then batch.storable_cost(billed.cost_usd) end as cost_usd,
      billed.cost_usd as counted_cost,
      not billed.is_priced as is_counted_unpriced
    from unnest(p_seqs) as n (seq)
    cross join lateral (
      select i.seq, i.message_id, i.content_type
      from batch.items as i
      where i.job_id = p_job.id and i.seq = n.seq
      limit 1
    ) as i
    left join public.messages as m
      on m.id = i.message_id and m.status not in ('deleted', 'expired')
    left join batch.item_losses as l
      on l.job_id = p_job.id and l.seq = i.seq and l.losses >= 3
    cross join lateral (
      select case
        when m.id is null then 'message_deleted'
        when l.losses is not null then 'worker_lost'
      end as error_code
    ) as reason
    cross join lateral (
      select
        reason.error_code,
        case when reason.error_code is null then 'skipped' else 'failed' end::batch.result_status
          as status
    ) as verdict
    cross join lateral (
      select
        coalesce(sum(a.cost_usd), 0) as cost_usd,
        coalesce(bool_and(a.cost_usd is not null), true) as is_priced,
        coalesce(sum(a.tokens_used), 0)::int as tokens,
        jsonb_agg(a.usage order by a.billed_at, a.report, a.place) as usage
      from batch.billed_attempts as a
      where a.job_id = p_job.id and a.seq = i.seq
    ) as billed
    where reason.error_code is not null
      or (
        not p_job.is_forced
        and (
          batch.text_of(
            i.content_type, m.transcription, m.image_description, m.video_description,
            m.document_extraction
          ) is not null
          -- An `exists` may be planned as a table of all texts there are.
          or (
            select mc.id
            from public.media_content as mc
            where mc.media_id = m.id
              and mc.processing_type = batch.processing_type_of(i.content_type)
            limit 1
          ) is not null
        )
      )
  ),

  settled as (
    insert into batch.item_results (
      job_id, seq, status, error_code, error_message, cost_usd, tokens_used, usage, worker_id,
      started_at, finished_at
    )
    select
      p_job.id, v.seq, v.status, v.error_code,
      case v.error_code
        when 'message_deleted'
          then 'the message was deleted or expired after the job had been planned'
        when 'worker_lost' then 'the worker died three times while it worked on this item'
      end,
      v.cost_usd, v.tokens, v.usage, p_worker_id, batch.clock(), batch.clock()
    from verdicts as v
    on conflict (job_id, seq) do nothing
    returning seq
  ),

  taken_in as (
    delete from batch.billed_attempts as a
    where a.job_id = p_job.id and a.seq in (select s.seq from settled as s)
  )

  insert into batch.job_progress as p (
    job_id, worker_id, skipped, download_failed, processing_failed, unpriced, cost_usd,
    last_seen_at
  )
  select
    p_job.id,
    p_worker_id,
    count(*) filter (where v.status = 'skipped'),
    count(*) filter (where e.stage = 'download'),
    count(*) filter (where e.stage = 'processing'),
    count(*) filter (where v.cost_usd is null) - count(*) filter (where v.is_counted_unpriced),
    coalesce(sum(coalesce(v.cost_usd, 0) - v.counted_cost), 0),
    batch.clock()
  from settled as s
  join verdicts as v on v.seq = s.seq
  left join batch.error_codes as e on e.code = v.error_code
  having count(*) > 0
  on conflict (job_id, worker_id) do update
  set
    skipped = p.skipped + excluded.skipped,
    download_failed = p.download_failed + excluded.download_failed,
    processing_failed = p.processing_failed + excluded.processing_failed,
    unpriced = p.unpriced + excluded.unpriced,
    cost_usd = p.cost_usd + excluded.cost_usd;
end;
$$;
