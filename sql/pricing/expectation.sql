-- What so many items of each content type are expected to cost and to last, and which providers
-- that assumes: those that the live workers ask first, or this machine if none runs.
-- p_counts: {"audio": {"items": 12, "seconds": 310.5, "timed": 10}, ...}, `seconds` being the
-- length of the `timed` items whose length is known.
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
      (c.value ->> 'timed')::numeric as timed
    from jsonb_each(p_counts) as c
  ),

  live as (
    select w.capacity, w.offers
    from batch.workers as w
    where w.stopped_at is null and w.last_seen_at > batch.clock() - interval '1 minute'
  ),

  served as (
    select
      c.*,
      coalesce(
        (select sum((l.capacity ->> c.content_type::text)::numeric) from live as l), 1
      ) as places,
      (
        select l.offers -> c.content_type::text
        from live as l
        where l.offers ? c.content_type::text
        limit 1
      ) as offer
    from counted as c
  )

  select
    s.content_type, s.items, s.seconds,
    coalesce(s.offer ->> 'provider', 'local'), s.offer ->> 'model',
    round(s.items * usual.cost_low, 8),
    round(s.items * usual.cost, 8),
    round(s.items * usual.cost_high, 8),
    round(s.items * usual.ms_low / 1000 / greatest(s.places, 1), 1),
    round(s.items * usual.ms / 1000 / greatest(s.places, 1), 1),
    round(s.items * usual.ms_high / 1000 / greatest(s.places, 1), 1)
  from served as s
  cross join lateral batch.usual_item(
    s.content_type, s.offer ->> 'provider', s.offer ->> 'model',
    -- the known speak for the unknown only if they are most
    case when s.timed * 2 >= s.items and s.timed > 0 then s.seconds / s.timed end
  ) as usual;
$$;
