-- Counts media by content type, as batch.expectation takes it: how many items, of how many the
-- length, the pages and the size are known, and what these come to. Looks the messages up one by
-- one.
create or replace function batch.count_media(
  p_content_types batch.content_type[], p_message_ids uuid[]
)
returns jsonb
language sql
stable
set search_path = ''
as $$
  with sized as (
    select i.content_type, known.seconds, known.pages, known.bytes, o.least_seconds
    from unnest(p_content_types, p_message_ids) as i (content_type, message_id)
    join batch.offers() as o on o.content_type = i.content_type
    left join lateral (
      select m.media_metadata from public.messages as m where m.id = i.message_id limit 1
    ) as m on true
    cross join lateral (
      select
        case when i.content_type in ('audio', 'video') then batch.media_seconds(m.media_metadata)
          end as seconds,
        case when i.content_type = 'document' then batch.media_pages(m.media_metadata) end as pages,
        batch.media_bytes(m.media_metadata) as bytes
    ) as known
  ),

  counted as (
    select s.content_type, jsonb_build_object(
      'items', count(*),
      'timed', count(s.seconds),
      'seconds', sum(s.seconds),
      'billedSeconds',
        sum(greatest(s.seconds, s.least_seconds)) filter (where s.seconds is not null),
      'paged', count(s.pages),
      'pages', sum(s.pages),
      'sized', count(s.bytes),
      'bytes', sum(s.bytes)
    ) as counts
    from sized as s
    group by s.content_type
  )

  select coalesce(jsonb_object_agg(c.content_type, c.counts), '{}') from counted as c;
$$;
