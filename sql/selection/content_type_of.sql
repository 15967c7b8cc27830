-- The content type that a MIME type stands for, or null for what Backscroll does not turn into
-- text. Case and parameters (`audio/ogg; codecs=opus`) do not matter, whatever the locale: in
-- Turkish the small letter of I is another. Stickers are images. A message without any MIME type is
-- taken by what the platform calls it.
--
-- Plain SQL without a pinned search_path, so that it is inlined into the selection. For that, each
-- constant is cast alone: a cast of the whole is not immutable. How nearly all are written comes
-- first: `ilike` puts into lower case, which takes five times as long, a million times a selection.
create or replace function batch.content_type_of(p_mime_type text, p_message_type text default null)
returns batch.content_type
language sql
immutable
parallel safe
as $$
  select case
    when p_mime_type like 'audio/%' then 'audio'::batch.content_type
    when p_mime_type like 'image/%' then 'image'::batch.content_type
    when p_mime_type like 'video/%' then 'video'::batch.content_type
    when p_mime_type like 'text/%' then 'document'::batch.content_type
    when p_mime_type = 'application/pdf' then 'document'::batch.content_type
    when coalesce(p_mime_type, '') = '' then
      case lower(p_message_type collate pg_catalog."C")
        when 'audio' then 'audio'::batch.content_type
        when 'voice' then 'audio'::batch.content_type
        when 'ptt' then 'audio'::batch.content_type
        when 'image' then 'image'::batch.content_type
        when 'sticker' then 'image'::batch.content_type
        when 'video' then 'video'::batch.content_type
        when 'gif' then 'video'::batch.content_type
        when 'document' then 'document'::batch.content_type
      end
    when p_mime_type collate pg_catalog."C" ilike 'audio/%' then 'audio'::batch.content_type
    when p_mime_type collate pg_catalog."C" ilike 'image/%' then 'image'::batch.content_type
    when p_mime_type collate pg_catalog."C" ilike 'video/%' then 'video'::batch.content_type
    when p_mime_type collate pg_catalog."C" ilike 'text/%' then 'document'::batch.content_type
    when p_mime_type collate pg_catalog."C" ilike 'application/%' then
      case
        when lower(trim(split_part(p_mime_type, ';', 1)) collate pg_catalog."C") = 'application/ogg'
          then 'audio'::batch.content_type
        when lower(trim(split_part(p_mime_type, ';', 1)) collate pg_catalog."C") = 'application/mp4'
          then 'video'::batch.content_type
        when lower(trim(split_part(p_mime_type, ';', 1)) collate pg_catalog."C") = any (array[
          'application/pdf', 'application/x-pdf',
          'application/msword', 'application/vnd.ms-word', 'application/x-msword',
          'application/msexcel', 'application/x-msexcel', 'application/vnd.ms-excel',
          'application/mspowerpoint', 'application/vnd.ms-powerpoint',
          'application/vnd.visio', 'application/vnd.ms-outlook', 'application/vnd.ms-works',
          'application/rtf', 'application/x-rtf',
          'application/json', 'application/ld+json', 'application/geo+json',
          'application/x-ndjson', 'application/jsonlines',
          'application/xml', 'application/xhtml+xml', 'application/csv',
          'application/yaml', 'application/x-yaml', 'application/toml', 'application/sql',
          'application/markdown', 'application/x-tex', 'application/x-latex',
          'application/epub+zip', 'application/javascript', 'application/x-sh',
          'application/x-subrip'
        ]) then 'document'::batch.content_type
        when p_mime_type collate pg_catalog."C" ilike any (array[
          'application/vnd.openxmlformats-officedocument.%',
          'application/vnd.oasis.opendocument.%',
          'application/vnd.ms-word.%', 'application/vnd.ms-excel.%',
          'application/vnd.ms-powerpoint.%',
          'application/vnd.apple.pages%', 'application/vnd.apple.numbers%',
          'application/vnd.apple.keynote%'
        ]) then 'document'::batch.content_type
      end
  end;
$$;
