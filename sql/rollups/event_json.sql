-- One event of a job's life as the REST API writes it. Its id is its position: what a stream
-- resumes from.
create or replace function batch.event_json(p_event batch.job_events)
returns json
language sql
stable
set search_path = ''
as $$
  select json_build_object(
    'id', p_event.position,
    'jobId', p_event.job_id,
    'instanceId', (select j.instance_id from batch.jobs as j where j.id = p_event.job_id),
    'type', p_event.type,
    'actor', p_event.actor,
    'details', p_event.details,
    'createdAt', batch.iso_time(p_event.created_at)
  );
$$;
