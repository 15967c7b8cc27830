-- Moves the counters of workers that are gone into batch.retired_meters, so that reading metrics
-- does not grow with every restart. Gone is who stopped, or was silent for a day: one that were
-- only frozen would come back with all its counts. Calling twice is safe; of two at once, the
-- later waits for the rows and finds them done.
create or replace function batch.retire_meters()
returns void
language sql
volatile
set search_path = ''
as $$
  with gone as (
    select w.id, w.meters
    from batch.workers as w
    where w.meters <> '[]'
      and (w.stopped_at is not null or w.last_seen_at < batch.clock() - interval '1 day')
    order by w.id
    for update
  ),

  emptied as (
    update batch.workers as w
    set meters = '[]'
    from gone as g
    where w.id = g.id
  )

  insert into batch.retired_meters as kept (name, labels, value)
  select m.name, m.labels, sum(m.value)
  from gone as g
  cross join lateral jsonb_to_recordset(g.meters) as m (
    name text, labels jsonb, value numeric, is_gauge boolean
  )
  where not m.is_gauge
  group by m.name, m.labels
  order by m.name, m.labels
  on conflict (name, labels) do update
  set value = kept.value + excluded.value;
$$;
