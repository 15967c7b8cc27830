-- The messages in scope: their medium, its content type, and whether its text exists already
-- (in the message's own column or as a media_content row). A null argument narrows nothing, but
-- the content types must be named. Deleted and expired messages are out of scope. `p_since` goes
-- by the platform's time of the message, UTC.
--
-- Plain SQL without a pinned search_path, so that it is inlined and the caller's constants
-- choose the index. `offset` keeps the classification from being worked out twice a row; any but a
-- constant of type bigint would keep parallel workers out.
create or replace function batch.select_media(
  p_instance_id uuid,
  p_chat_id uuid,
  p_since timestamp,
  p_content_types batch.content_type[]
)
returns table (
  message_id uuid,
  content_type batch.content_type,
  platform_timestamp timestamp,
  has_content boolean
)
language sql
stable
parallel safe
as $$
  select
    media.id,
    media.content_type,
    media.platform_timestamp,
    media.has_text or exists (
      select
      from public.media_content as mc
      where mc.media_id = media.id
        and mc.processing_type = batch.processing_type_of(media.content_type)
    )
  from (
    select
      classified.id,
      classified.content_type,
      classified.platform_timestamp,
      coalesce(
        classified.transcription, classified.image_description, classified.video_description,
        classified.document_extraction
      ) is not null
      and batch.text_of(
        classified.content_type, classified.transcription, classified.image_description,
        classified.video_description, classified.document_extraction
      ) is not null as has_text
    from (
      select
        m.id,
        m.platform_timestamp,
        m.transcription,
        m.image_description,
        m.video_description,
        m.document_extraction,
        batch.content_type_of(m.media_mime_type, m.message_type) as content_type
      from public.messages as m
      where m.has_media
        and m.status not in ('deleted', 'expired')
        and (p_chat_id is null or m.chat_id = p_chat_id)
        and (p_since is null or m.platform_timestamp >= p_since)
        and (
          p_instance_id is null
          or m.chat_id in (select c.id from public.chats as c where c.instance_id = p_instance_id)
        )
      offset bigint '0'
    ) as classified
    where classified.content_type = any (p_content_types)
  ) as media;
$$;
