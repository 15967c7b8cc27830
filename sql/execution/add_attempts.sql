-- Adds requests that were billed, or may have been, to an item that has no result, and counts them
-- in the worker's share of its job. An item of which an attempt has no known price counts as
-- unpriced.
--
-- A request counts once under its report and its place in it, so calling twice is safe. The caller
-- holds the lock on the item's slice.
create or replace function batch.add_attempts(
  p_worker_id bigint, p_job_id uuid, p_seq int, p_report uuid, p_usage jsonb
)
returns void
language sql
volatile
set search_path = ''
as $$
  with earlier as (
    select coalesce(bool_or(a.cost_usd is null), false) as has_unpriced
    from batch.billed_attempts as a
    where a.job_id = p_job_id and a.seq = p_seq
  ),

  added as (
    insert into batch.billed_attempts (
      job_id, seq, report, place, usage, cost_usd, tokens_used, worker_id, billed_at
    )
    select
      p_job_id, p_seq, p_report, u.place, u.usage,
      batch.cost_of_usage(u.usage, batch.clock()),
      batch.tokens_of_usages(jsonb_build_array(u.usage)),
      p_worker_id, batch.clock()
    from jsonb_array_elements(p_usage) with ordinality as u (usage, place)
    on conflict (job_id, seq, report, place) do nothing
    returning cost_usd, tokens_used
  ),

  share as (
    select
      coalesce(sum(a.cost_usd), 0) as cost_usd,
      sum(a.tokens_used) as tokens,
      (bool_or(a.cost_usd is null) and not (select e.has_unpriced from earlier as e))::int
        as unpriced
    from added as a
    having count(*) > 0
  )

  insert into batch.job_progress as p (
    job_id, worker_id, unpriced, cost_usd, tokens_used, last_seen_at
  )
  select p_job_id, p_worker_id, s.unpriced, s.cost_usd, s.tokens, batch.clock()
  from share as s
  on conflict (job_id, worker_id) do update
  set
    unpriced = p.unpriced + excluded.unpriced,
    cost_usd = p.cost_usd + excluded.cost_usd,
    tokens_used = p.tokens_used + excluded.tokens_used,
    last_seen_at = excluded.last_seen_at;
$$;
