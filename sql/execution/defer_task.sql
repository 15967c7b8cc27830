-- Puts one task into Procrastinate's queue, behind what has the same priority.
create or replace function batch.defer_task(p_task text, p_priority int, p_args jsonb)
returns void
language sql
volatile
set search_path = ''
as $$
  select procrastinate.procrastinate_defer_jobs_v1(array[
    row('backscroll', p_task, p_priority, null, null, p_args, null)
      ::procrastinate.procrastinate_job_to_defer_v1
  ]);
$$;
