-- The text that a message already carries for its medium, from the column of its content type.
-- Inlined: the columns come as arguments so that no whole row is built.
create or replace function batch.text_of(
  p_content_type batch.content_type,
  p_transcription text,
  p_image_description text,
  p_video_description text,
  p_document_extraction text
)
returns text
language sql
immutable
parallel safe
as $$
  select case p_content_type
    when 'audio' then p_transcription
    when 'image' then p_image_description
    when 'video' then p_video_description
    when 'document' then p_document_extraction
  end;
$$;
