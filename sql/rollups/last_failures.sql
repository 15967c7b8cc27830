-- The last few failed items of a job by its order, the last first: from the index of the failed, so
-- cheap however many items the job has. `file` is where the medium was to be had, null where the
-- message is gone.
create or replace function batch.last_failures(p_job_id uuid, p_limit int)
returns json
language sql
stable
set search_path = ''
as $$
  select coalesce(
    json_agg(
      json_build_object(
        'seq', r.seq,
        'contentType', i.content_type,
        'file', coalesce(batch.medium_of(m), m.external_id),
        'errorCode', r.error_code,
        'error', r.error_message,
        'finishedAt', batch.iso_time(r.finished_at)
      )
      order by r.seq desc
    ),
    '[]'
  )
  from (
    select r.seq, r.error_code, r.error_message, r.finished_at
    from batch.item_results as r
    where r.job_id = p_job_id and r.status = 'failed'
    order by r.seq desc
    limit p_limit
  ) as r
  join batch.items as i on i.job_id = p_job_id and i.seq = r.seq
  left join public.messages as m on m.id = i.message_id;
$$;
