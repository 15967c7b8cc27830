-- The slices that a worker has in hand, and whether their jobs want them to be worked on. One that
-- was frozen may have lost some meanwhile.
--
-- Plain SQL without a pinned search_path, so that it is inlined.
create or replace function batch.held_slices(p_worker_id bigint)
returns table (
  job_id uuid, first_seq int, last_seq int, is_forced boolean, is_wanted boolean
)
language sql
stable
as $$
  select s.job_id, s.first_seq, s.last_seq, j.is_forced, j.status = 'processing'
  from batch.slices as s
  join batch.jobs as j on j.id = s.job_id
  where s.worker_id = p_worker_id and s.state = 'running';
$$;
