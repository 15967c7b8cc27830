-- A worker says that it has given everything back and stops.
create or replace function batch.stop_worker(p_worker_id bigint)
returns void
language sql
volatile
set search_path = ''
as $$
  update batch.workers as w
  set stopped_at = batch.clock()
  where w.id = p_worker_id;
$$;
