-- Files whose sizes tell something about the media that a request is about: some 50 to 100 of each
-- content type, spread over all, as far as they are local; for batch.estimate_job. Only of content
-- types whose cost goes by size.
--
-- Raises what batch.read_request raises.
create or replace function batch.sample_media(p_request jsonb, p_instance_ids uuid[] default null)
returns table (content_type text, local_path text)
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
declare
  v_job batch.jobs := batch.read_request(p_request, p_instance_ids);
begin
  return query
  with found as materialized (
    select
      s.content_type, s.message_id,
      row_number() over (partition by s.content_type order by s.message_id) as place,
      count(*) over (partition by s.content_type) as found
    from batch.select_media(
      case v_job.job_type when 'time_based_batch' then v_job.instance_id end,
      v_job.chat_id,
      batch.clock() at time zone 'UTC' - make_interval(days => v_job.days_back),
      v_job.content_types
    ) as s
    where s.content_type <> 'image' and (v_job.is_forced or not s.has_content)
  )

  select f.content_type::text, m.media_local_path
  from found as f
  cross join lateral (
    select m.media_local_path from public.messages as m where m.id = f.message_id limit 1
  ) as m
  where f.place % greatest(1, f.found / 50) = 0 and m.media_local_path is not null;
end;
$$;
