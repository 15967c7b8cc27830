-- Whether a worker holds the slice of an item. One that was frozen may have lost it meanwhile.
create or replace function batch.has_item(p_worker_id bigint, p_job_id uuid, p_seq int)
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (
    select
    from batch.slices as s
    where s.job_id = p_job_id
      and s.state = 'running'
      and s.worker_id = p_worker_id
      and p_seq between s.first_seq and s.last_seq
  );
$$;
