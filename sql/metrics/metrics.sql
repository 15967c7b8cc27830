-- Everything that /metrics tells of the database: samples in the names and labels of Prometheus. A
-- worker silent for p_timeout is not counted as alive. Cheap: it reads jobs, progress rows, open
-- slices, the queue and workers, and no row an item.
create or replace function batch.metrics(p_timeout interval default '30 seconds')
returns table (name text, labels jsonb, value numeric)
language sql
stable
set search_path = ''
as $$
  select j.name, j.labels, j.value from batch.job_metrics() as j
  union all
  select q.name, q.labels, q.value from batch.queue_metrics() as q
  union all
  select w.name, w.labels, w.value from batch.worker_metrics(p_timeout) as w;
$$;
