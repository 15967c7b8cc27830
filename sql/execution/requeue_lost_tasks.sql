-- Makes the queue hold a task for every job that waits for its plan and for every slice that
-- waits for a worker, and drops what dead workers left half done in it. Returns how many tasks
-- it had to queue: none, unless a worker died between fetching a task and beginning it, or
-- somebody emptied the queue.
create or replace function batch.requeue_lost_tasks(p_timeout interval)
returns int
language sql
volatile
set search_path = ''
as $$
  with dead as (
    delete from procrastinate.procrastinate_jobs as q
    where q.queue_name = 'backscroll'
      and q.status = 'doing'
      and not exists (
        select
        from procrastinate.procrastinate_workers as w
        where w.id = q.worker_id and w.last_heartbeat >= batch.clock() - p_timeout
      )
    returning q.id
  ),

  waiting as (
    select q.task_name, q.args
    from procrastinate.procrastinate_jobs as q
    where q.queue_name = 'backscroll'
      and q.status in ('todo', 'doing')
      and q.id not in (select d.id from dead as d)
  ),

  plans as materialized (
    select batch.defer_task(
      'plan_job', j.priority * 10 + 9, jsonb_build_object('job_id', j.id)
    )
    from batch.jobs as j
    where j.status = 'pending'
      and not exists (
        select
        from waiting as q
        where q.task_name = 'plan_job' and (q.args ->> 'job_id')::uuid = j.id
      )
  ),

  slices as materialized (
    select batch.defer_slice(j, s)
    from batch.jobs as j
    join batch.slices as s on s.job_id = j.id and s.state = 'queued'
    where j.status = 'processing'
      and not exists (
        select
        from waiting as q
        where q.task_name = 'process_slice'
          and (q.args ->> 'job_id')::uuid = s.job_id
          and (q.args ->> 'first_seq')::int = s.first_seq
      )
  )

  select (select count(*) from plans)::int + (select count(*) from slices)::int;
$$;
