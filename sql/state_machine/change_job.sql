-- Changes what may be changed of a job while it runs: priority, lanes, maxCostUsd (null: no limit
-- any more). More lanes open at once; fewer are kept as soon as slices in hand have ended. A
-- job that waits because its budget was spent goes on when the new one is larger.
--
-- Locks the job. Changing to what is already so changes nothing. Raises BJ404 if there is no such
-- job, BJ409 if it has ended, BJ422 for what cannot be changed.
create or replace function batch.change_job(p_job_id uuid, p_changes jsonb)
returns batch.jobs
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_problems jsonb;
  v_before batch.jobs;
  v_job batch.jobs;
begin
  select jsonb_agg(jsonb_build_object('field', p.field, 'problem', p.problem)) into v_problems
  from (
    select p.field, p.problem
    from batch.field_problems(p_changes, '{priority,lanes,maxCostUsd}') as p

    union all
    select e.key, 'cannot be null'
    from jsonb_each(case jsonb_typeof(p_changes) when 'object' then p_changes end) as e
    where e.value = 'null' and e.key in ('priority', 'lanes')

    union all
    select '', 'nothing is changed: give priority, lanes or maxCostUsd' where p_changes = '{}'
  ) as p (field, problem);

  perform batch.refuse(v_problems);

  select j.* into v_before from batch.jobs as j where j.id = p_job_id for no key update;

  if not found then
    raise exception using errcode = 'BJ404', message = format('no batch job %s', p_job_id);
  end if;

  if v_before.completed_at is not null then
    raise exception using
      errcode = 'BJ409', message = format('batch job %s is %s', p_job_id, v_before.status),
      hint = 'Only jobs that have not ended can be changed.';
  end if;

  update batch.jobs as j
  set
    priority = coalesce((p_changes -> 'priority')::numeric::int, j.priority),
    lanes = coalesce((p_changes -> 'lanes')::numeric::int, j.lanes)
  where j.id = p_job_id
  returning j.* into v_job;

  if p_changes ? 'maxCostUsd' then
    v_job := batch.set_budget(p_job_id, (p_changes ->> 'maxCostUsd')::numeric);
  end if;

  if (v_before.priority, v_before.lanes, v_before.max_cost_usd)
    is not distinct from (v_job.priority, v_job.lanes, v_job.max_cost_usd)
  then
    return v_job;
  end if;

  insert into batch.job_events (job_id, type, actor, details, created_at)
  values (p_job_id, 'changed', batch.actor(), p_changes, batch.clock());

  if v_job.priority <> v_before.priority then
    update procrastinate.procrastinate_jobs as q
    set priority = q.priority + (v_job.priority - v_before.priority) * 10
    where q.queue_name = 'backscroll'
      and q.status = 'todo'
      and q.args ->> 'job_id' = p_job_id::text;
  end if;

  if v_job.status = 'processing' then
    perform batch.open_slices(p_job_id);
  end if;

  perform batch.notify_job(p_job_id);
  return v_job;
end;
$$;
