-- Where jobs stand now, for those who go on to listen: the jobs of p_job_ids; with p_has_all also
-- the 500 newest that have not ended, and those that the latest events after p_after (null: none)
-- are about. p_instance_ids are the only instances of these, null: all.
--
-- Every row has the snapshot that all of it was read in, so that what is notified can be told from
-- what is known already, and the last position of an event in it. Without a job there is one row.
create or replace function batch.live_states(
  p_job_ids uuid[], p_has_all boolean, p_instance_ids uuid[], p_after bigint
)
returns table (
  snapshot text, last_position bigint, job_id uuid, instance_id uuid, is_final boolean, state text
)
language sql
stable
set search_path = ''
as $$
  with open_jobs as (
    select j.id
    from batch.jobs as j
    where p_has_all
      and j.status in ('pending', 'processing', 'paused')
      and (p_instance_ids is null or j.instance_id = any (p_instance_ids))
    order by j.created_at desc, j.id desc
    limit 500
  ),

  latest_events as (
    select e.job_id
    from batch.job_events as e
    join batch.jobs as j on j.id = e.job_id
    where p_has_all
      and e.position > p_after
      and (p_instance_ids is null or j.instance_id = any (p_instance_ids))
    order by e.position desc
    limit 5000
  ),

  states as (
    select
      v.id, v.instance_id, v.created_at, batch.is_final(v.id) as is_final,
      batch.status_json(v)::text as state
    from batch.batch_jobs as v
    where v.id = any (
      array(
        select unnest(p_job_ids)
        union
        select o.id from open_jobs as o
        union
        select l.job_id from latest_events as l
      )
    )
  )

  select
    pg_current_snapshot()::text, last.position, s.id, s.instance_id, s.is_final, s.state
  from (
    select coalesce(max(e.position), 0) as position from batch.job_events as e
  ) as last
  left join states as s on true
  order by s.created_at desc, s.id desc;
$$;
