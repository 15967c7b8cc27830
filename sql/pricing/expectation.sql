-- What so many items of each content type are expected to cost and to last, and which providers
-- that assumes: those that the live workers ask first, or this machine if none runs.
--
-- p_counts: {"audio": {"items": 12, "timed": 10, "seconds": 310.5, "billedSeconds": 330 ...} ...}:
-- of the `timed` items the length is known (billedSeconds: none counted for less than the provider
-- bills), of the `paged` the `pages`, of the `sized` the `bytes`. `sampledBytes` is the mean size
-- of a sample of the files. The known speak for the unknown only if they are at least half.
create or replace function batch.expectation(p_counts jsonb)
returns table (
  content_type batch.content_type, items bigint, seconds_known numeric, provider text, model text,
  cost_low numeric, cost numeric, cost_high numeric,
  duration_low numeric, duration numeric, duration_high numeric
)
language sql
stable
set search_path = ''
as $$
  with counted as (
    select
      c.key::batch.content_type as content_type,
      (c.value ->> 'items')::bigint as items,
      (c.value ->> 'seconds')::numeric as seconds,
      (c.value ->> 'billedSeconds')::numeric as billed_seconds,
      nullif((c.value ->> 'timed')::numeric, 0) as timed,
      (c.value ->> 'pages')::numeric as pages,
      nullif((c.value ->> 'paged')::numeric, 0) as paged,
      (c.value ->> 'bytes')::numeric as bytes,
      nullif((c.value ->> 'sized')::numeric, 0) as sized,
      (c.value ->> 'sampledBytes')::numeric as sampled_bytes
    from jsonb_each(p_counts) as c
  )

  select
    c.content_type, c.items, c.seconds, coalesce(o.provider, 'local'), o.model,
    round(c.items * usual.cost_low, 8),
    round(c.items * usual.cost, 8),
    round(c.items * usual.cost_high, 8),
    round(c.items * usual.ms_low / 1000 / greatest(o.places, 1), 1),
    round(c.items * usual.ms / 1000 / greatest(o.places, 1), 1),
    round(c.items * usual.ms_high / 1000 / greatest(o.places, 1), 1)
  from counted as c
  join batch.offers() as o on o.content_type = c.content_type
  cross join lateral batch.usual_item(
    c.content_type, o.provider, o.model,
    case when c.timed * 2 >= c.items then c.billed_seconds / c.timed end,
    case when c.paged * 2 >= c.items then c.pages / c.paged end,
    case when c.sized * 2 >= c.items then c.bytes / c.sized else c.sampled_bytes end
  ) as usual;
$$;
