-- Whether the message of an item has a text for its medium by now.
create or replace function batch.has_text(p_job_id uuid, p_seq int)
returns boolean
language sql
stable
set search_path = ''
as $$
  select batch.text_of(
      i.content_type, m.transcription, m.image_description, m.video_description,
      m.document_extraction
    ) is not null
    or exists (
      select
      from public.media_content as mc
      where mc.media_id = m.id
        and mc.processing_type = batch.processing_type_of(i.content_type)
    )
  from batch.items as i
  join public.messages as m on m.id = i.message_id
  where i.job_id = p_job_id and i.seq = p_seq;
$$;
