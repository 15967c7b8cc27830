-- How many media of these content types the live workers ask providers about at a time; 0 where
-- all the work is done on their machines.
create or replace function batch.provider_places(p_content_types batch.content_type[])
returns numeric
language sql
stable
set search_path = ''
as $$
  select coalesce(sum(places.most), 0)
  from batch.live_workers() as w
  cross join lateral (
    select max(c.value::numeric) as most
    from jsonb_each_text(w.capacity) as c
    where c.key = any (p_content_types::text[]) and w.offers ? c.key
  ) as places;
$$;
