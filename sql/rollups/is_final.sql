-- Whether nothing about a job will change or be told any more: it has ended, its last slice was
-- given back, and its last event has its position. The counts of a cancelled job become final a
-- little after its status.
create or replace function batch.is_final(p_job_id uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
  select
    exists (select from batch.jobs as j where j.id = p_job_id and j.completed_at is not null)
    and not exists (
      select from batch.slices as s where s.job_id = p_job_id and s.state <> 'done'
    )
    and not exists (
      select from batch.job_events as e where e.job_id = p_job_id and e.position is null
    );
$$;
