-- Makes the queue hold a task for every job that waits for its plan or its estimate and for every
-- slice that waits for a worker, and drops what dead workers left half done in it, and what living
-- ones had fetched longer than p_timeout ago and do not work on: a connection broke when a task was
-- on its way to them, or the word that it had ended on its way back. Returns how many tasks it had
-- to queue: none, unless a worker or a connection died between fetching a task and beginning it, or
-- before an estimate was kept, or somebody emptied the queue.
--
-- `except`, not `not exists`: of a queue that has grown within minutes the planner knows nothing,
-- and would compare every slice with every task.
--
-- Whoever plans a job holds a lock: see batch.plan_job. The same task makes the estimate, after the
-- plan; of a job that has ended meanwhile only the task of a dead worker tells that it is missing.
-- Calling twice is safe.
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
      and (
        not exists (
          select
          from procrastinate.procrastinate_workers as w
          where w.id = q.worker_id and w.last_heartbeat >= batch.clock() - p_timeout
        )
        or (
          not exists (
            select
            from procrastinate.procrastinate_events as e
            where e.job_id = q.id and e.type = 'started' and e.at >= batch.clock() - p_timeout
          )
          and case q.task_name
            when 'plan_job' then pg_try_advisory_xact_lock(
              hashtextextended('batch.plan_job ' || (q.args ->> 'job_id'), 0)
            )
            else not exists (
              select
              from batch.slices as s
              where s.job_id = (q.args ->> 'job_id')::uuid
                and s.first_seq = (q.args ->> 'first_seq')::int
                and s.state = 'running'
            )
          end
        )
      )
    returning q.id, q.task_name, (q.args ->> 'job_id')::uuid as job_id
  ),

  waiting as (
    select
      q.task_name,
      (q.args ->> 'job_id')::uuid as job_id,
      (q.args ->> 'first_seq')::int as first_seq
    from procrastinate.procrastinate_jobs as q
    where q.queue_name = 'backscroll'
      and q.status in ('todo', 'doing')
      and q.id not in (select d.id from dead as d)
  ),

  unplanned as (
    select j.id
    from batch.jobs as j
    where j.status = 'pending' or (j.status = 'processing' and j.estimate is null)

    union all

    select j.id
    from dead as d
    join batch.jobs as j on j.id = d.job_id
    where d.task_name = 'plan_job' and j.estimate is null and j.total_items > 0

    except

    select w.job_id
    from waiting as w
    where w.task_name = 'plan_job'
  ),

  unqueued as (
    select s.job_id, s.first_seq
    from batch.jobs as j
    join batch.slices as s on s.job_id = j.id and s.state = 'queued'
    where j.status = 'processing'

    except

    select w.job_id, w.first_seq
    from waiting as w
    where w.task_name = 'process_slice'
  ),

  plans as materialized (
    select batch.defer_task(
      'plan_job', j.priority * 10 + 9, jsonb_build_object('job_id', j.id)
    )
    from unplanned as u
    join batch.jobs as j on j.id = u.id
  ),

  slices as materialized (
    select batch.defer_slice(j, s)
    from unqueued as u
    join batch.jobs as j on j.id = u.job_id
    join batch.slices as s on s.job_id = u.job_id and s.first_seq = u.first_seq
  )

  select (select count(*) from plans)::int + (select count(*) from slices)::int;
$$;
