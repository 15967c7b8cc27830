-- Those of the items ({jobId, seq}) whose message or job, or the worker's share of its progress,
-- somebody else has locked just now: what batch.record_results would wait for. Takes the locks of
-- the others and gives them up at once.
create or replace function batch.items_behind_locks(p_worker_id bigint, p_items jsonb)
returns table (job_id uuid, seq int)
language sql
volatile
set search_path = ''
as $$
  with named as materialized (
    select i.job_id, i.seq, i.message_id
    from jsonb_to_recordset(p_items) as n ("jobId" uuid, seq int)
    join batch.items as i on i.job_id = n."jobId" and i.seq = n.seq
  ),

  free as materialized (
    select m.id
    from public.messages as m
    where m.id in (select n.message_id from named as n)
    for no key update skip locked
  ),

  free_jobs as materialized (
    select j.id
    from batch.jobs as j
    where j.id in (select n.job_id from named as n)
    for key share skip locked
  ),

  free_shares as materialized (
    select p.job_id
    from batch.job_progress as p
    where p.worker_id = p_worker_id and p.job_id in (select n.job_id from named as n)
    for no key update skip locked
  )

  select n.job_id, n.seq
  from named as n
  join public.messages as m on m.id = n.message_id
  where not exists (select from free as f where f.id = n.message_id)
    or not exists (select from free_jobs as f where f.id = n.job_id)
    or exists (
      select
      from batch.job_progress as p
      where p.worker_id = p_worker_id
        and p.job_id = n.job_id
        and not exists (select from free_shares as f where f.job_id = p.job_id)
    );
$$;
