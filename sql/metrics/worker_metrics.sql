-- The workers that are alive, what they can do at a time, and what workers count of themselves:
-- gauges of the living, counters of all there ever were.
create or replace function batch.worker_metrics(p_timeout interval)
returns table (name text, labels jsonb, value numeric)
language sql
stable
set search_path = ''
as $$
  with living as (
    select w.capacity, w.meters
    from batch.workers as w
    where w.stopped_at is null and w.last_seen_at > batch.clock() - p_timeout
  ),

  counted as (
    select m.name, m.labels, m.value
    from batch.workers as w
    cross join lateral jsonb_to_recordset(w.meters) as m (
      name text, labels jsonb, value numeric, is_gauge boolean
    )
    where w.meters <> '[]' and not m.is_gauge
    union all
    select r.name, r.labels, r.value from batch.retired_meters as r
    union all
    select m.name, m.labels, m.value
    from living as l
    cross join lateral jsonb_to_recordset(l.meters) as m (
      name text, labels jsonb, value numeric, is_gauge boolean
    )
    where m.is_gauge
  )

  select 'backscroll_workers', '{}'::jsonb, count(*) from living
  union all
  select
    'backscroll_worker_capacity',
    jsonb_build_object('content_type', known.content_type),
    coalesce(sum((l.capacity ->> known.content_type::text)::numeric), 0)
  from unnest(enum_range(null::batch.content_type)) as known (content_type)
  left join living as l on true
  group by known.content_type
  union all
  select c.name, c.labels, sum(c.value) from counted as c group by c.name, c.labels;
$$;
