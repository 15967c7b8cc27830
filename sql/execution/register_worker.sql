-- A worker process announces itself. The id it gets marks what it takes and counts.
-- p_capacity says how many items of each content type it processes at a time, 0 where it has no
-- provider: {"audio": 0, "image": 1, "video": 0, "document": 2}.
create or replace function batch.register_worker(p_name text, p_capacity jsonb)
returns bigint
language sql
volatile
set search_path = ''
as $$
  insert into batch.workers (name, capacity, started_at, alive_since, last_seen_at)
  values (p_name, p_capacity, batch.clock(), batch.clock(), batch.clock())
  returning id;
$$;
