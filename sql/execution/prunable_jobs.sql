-- The ended jobs that are older than p_keep and still have their items: what batch.prune deletes.
-- A job that nobody has given its last slice back of is left alone.
create or replace function batch.prunable_jobs(p_keep interval)
returns table (job_id uuid, completed_at timestamptz, items int)
language sql
stable
set search_path = ''
as $$
  select j.id, j.completed_at, j.total_items
  from batch.jobs as j
  where j.completed_at < batch.clock() - p_keep
    and j.pruned_at is null
    and not exists (select from batch.slices as s where s.job_id = j.id and s.state <> 'done')
  order by j.completed_at;
$$;
