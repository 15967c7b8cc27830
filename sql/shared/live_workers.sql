-- The workers that have been heard of within the last minute and have not stopped.
--
-- Plain SQL without a pinned search_path, so that it is inlined.
create or replace function batch.live_workers()
returns setof batch.workers
language sql
stable
as $$
  select w.*
  from batch.workers as w
  where w.stopped_at is null and w.last_seen_at > batch.clock() - interval '1 minute';
$$;
