-- The messages whose items failed in a job, as batch.select_media gives them. Those that have got
-- their text since have content; those that were deleted are out of scope.
create or replace function batch.select_failed(
  p_job_id uuid, p_content_types batch.content_type[]
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
    m.id,
    i.content_type,
    m.platform_timestamp,
    batch.text_of(
      i.content_type, m.transcription, m.image_description, m.video_description,
      m.document_extraction
    ) is not null
    or exists (
      select
      from public.media_content as mc
      where mc.media_id = m.id
        and mc.processing_type = batch.processing_type_of(i.content_type)
    )
  from batch.item_results as r
  join batch.items as i on i.job_id = r.job_id and i.seq = r.seq
  join public.messages as m on m.id = i.message_id
  where r.job_id = p_job_id
    and r.status = 'failed'
    and i.content_type = any (p_content_types)
    and m.status not in ('deleted', 'expired');
$$;
