-- The text that was made of some bytes: of the same kind of processing, for the same language, by
-- one of the models named, or, if `p_is_local_good`, by any on a worker's own machine. Null if
-- there is none, or its owner has deleted it.
create or replace function batch.find_made_text(
  p_sha256 bytea,
  p_processing_type text,
  p_language text,
  p_models text[],
  p_is_local_good boolean
)
returns public.media_content
language sql
stable
set search_path = ''
as $$
  select mc
  from batch.made_texts as t
  join public.media_content as mc on mc.id = t.media_content_id
  where t.sha256 = p_sha256
    and t.processing_type = p_processing_type
    and t.language = p_language
    and (t.model = any (p_models) or (p_is_local_good and mc.provider = 'local'))
  order by array_position(p_models, t.model)
  limit 1;
$$;
