-- What media_content.processing_type says of a content type.
create or replace function batch.processing_type_of(p_content_type batch.content_type)
returns text
language sql
immutable
parallel safe
as $$
  select case p_content_type
    when 'audio' then 'transcription'
    when 'image' then 'description'
    when 'video' then 'description'
    when 'document' then 'extraction'
  end;
$$;
