-- Whom the workers that live now ask first for each content type, how many of its items they
-- process at a time, and the seconds that such a request is billed for at least. Without a worker,
-- it is this machine, one item at a time.
create or replace function batch.offers()
returns table (
  content_type batch.content_type, provider text, model text, places numeric,
  least_seconds numeric
)
language sql
stable
set search_path = ''
as $$
  with live as (
    select w.capacity, w.offers from batch.live_workers() as w
  ),

  served as (
    select
      t.content_type,
      coalesce(
        (select sum((l.capacity ->> t.content_type::text)::numeric) from live as l), 1
      ) as places,
      (
        select l.offers -> t.content_type::text
        from live as l
        where l.offers ? t.content_type::text
        limit 1
      ) as offer
    from unnest(enum_range(null::batch.content_type)) as t (content_type)
  )

  select
    s.content_type, s.offer ->> 'provider', s.offer ->> 'model', s.places,
    (batch.price_at(
      s.offer ->> 'provider', s.offer ->> 'model', 'audio_second', batch.clock()
    )).minimum_units
  from served as s;
$$;
