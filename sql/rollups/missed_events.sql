-- A page of the events after one position up to another, in order: those of one job, or with
-- p_job_id null those of all jobs of p_instance_ids, null: of all.
create or replace function batch.missed_events(
  p_after bigint, p_until bigint, p_job_id uuid, p_instance_ids uuid[], p_limit int
)
returns table (id bigint, job_id uuid, instance_id uuid, event text)
language sql
stable
set search_path = ''
as $$
  with of_one_job as (
    select e as event
    from batch.job_events as e
    where e.job_id = p_job_id and e.position > p_after and e.position <= p_until
    order by e.position
    limit p_limit
  ),

  of_all as (
    select e as event
    from batch.job_events as e
    join batch.jobs as j on j.id = e.job_id
    where p_job_id is null
      and e.position > p_after
      and e.position <= p_until
      and (p_instance_ids is null or j.instance_id = any (p_instance_ids))
    order by e.position
    limit p_limit
  ),

  page as (
    select o.event from of_one_job as o
    union all
    select a.event from of_all as a
  )

  select (p.event).position, (p.event).job_id, j.instance_id, batch.event_json(p.event)::text
  from page as p
  join batch.jobs as j on j.id = (p.event).job_id
  order by (p.event).position;
$$;
