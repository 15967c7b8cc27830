-- What waits in the queue and since when, and the slices that are out. Tasks are deleted when they
-- end, so the queue's table is as small as what waits.
create or replace function batch.queue_metrics()
returns table (name text, labels jsonb, value numeric)
language sql
stable
set search_path = ''
as $$
  select
    'backscroll_queue_tasks',
    jsonb_build_object('task', known.task, 'status', known.status),
    count(q.id)
  from (
    values
      ('plan_job', 'todo'), ('plan_job', 'doing'),
      ('process_slice', 'todo'), ('process_slice', 'doing')
  ) as known (task, status)
  left join procrastinate.procrastinate_jobs as q
    on q.queue_name = 'backscroll'
    and q.task_name = known.task
    and q.status::text = known.status
  group by known.task, known.status
  union all
  select
    'backscroll_queue_oldest_task_seconds',
    '{}',
    coalesce(extract(epoch from batch.clock() - min(e.at)), 0)
  from procrastinate.procrastinate_jobs as q
  join procrastinate.procrastinate_events as e on e.job_id = q.id and e.type = 'deferred'
  where q.queue_name = 'backscroll' and q.status = 'todo'
  union all
  select 'backscroll_slices', jsonb_build_object('state', known.state), count(s.job_id)
  from unnest('{queued,running}'::batch.slice_state[]) as known (state)
  left join batch.slices as s on s.state = known.state and s.state <> 'done'
  group by known.state;
$$;
