-- The workers that have slices of a job in hand, the busiest first, and what each is doing: its
-- last item that was begun, how many items it has ended, and since when nothing was heard of it.
create or replace function batch.working_json(p_job_id uuid)
returns json
language sql
stable
set search_path = ''
as $$
  with busy as (
    select s.worker_id, count(*) as slices
    from batch.slices as s
    where s.job_id = p_job_id and s.state = 'running'
    group by s.worker_id
  )

  select coalesce(
    json_agg(
      json_build_object(
        'name', w.name,
        'slices', b.slices,
        'endedItems', coalesce(
          p.audio_processed + p.images_processed + p.videos_processed + p.documents_processed
            + p.download_failed + p.processing_failed + p.skipped,
          0
        ),
        'currentItem', p.current_item,
        'silentSeconds', round(
          greatest(extract(epoch from batch.clock() - w.last_seen_at), 0), 1
        )
      )
      order by b.slices desc, w.id
    ),
    '[]'
  )
  from busy as b
  join batch.workers as w on w.id = b.worker_id
  left join batch.job_progress as p on p.job_id = p_job_id and p.worker_id = w.id;
$$;
