-- Sends what a job's callbackUrl was told once more, delivered or not: all of it, or with
-- {"id": ...} one callback alone. They keep id and payload, go to the address that the job has now,
-- and have a full schedule of retries before them. What a worker is sending at this moment is
-- sent by that. Returns {"items": [...]}: what is sent again.
--
-- Locks the callbacks. Calling twice sends twice, unless the first is still queued. Raises BJ404 if
-- there is no such job or callback, BJ409 if there is nothing to send, BJ422 for a request that
-- cannot be used.
create or replace function batch.redeliver_callbacks(p_job_id uuid, p_request jsonb default '{}')
returns json
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_job batch.jobs;
  v_problems jsonb;
  v_id uuid;
  v_callbacks batch.callbacks[];
begin
  select j.* into v_job from batch.jobs as j where j.id = p_job_id;

  if not found then
    raise exception using errcode = 'BJ404', message = format('no batch job %s', p_job_id);
  end if;

  select jsonb_agg(jsonb_build_object('field', p.field, 'problem', p.problem)) into v_problems
  from (
    select '', 'the request must be a JSON object'
    where jsonb_typeof(p_request) <> 'object'

    union all
    select e.key, 'unknown field; known is id'
    from jsonb_each(case jsonb_typeof(p_request) when 'object' then p_request end) as e
    where e.key <> 'id'

    union all
    select 'id', 'must be a uuid: the id of a callback of this job'
    where p_request ->> 'id' !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
  ) as p (field, problem);

  perform batch.refuse(v_problems);

  v_id := p_request ->> 'id';

  if v_job.callback_url is null then
    raise exception using
      errcode = 'BJ409', message = format('batch job %s has no callbackUrl', p_job_id),
      hint = 'Give callbackUrl when creating a job.';
  end if;

  with redelivered as (
    update batch.callbacks as c
    set
      state = 'queued',
      url = v_job.callback_url,
      attempts_before = c.attempts,
      next_attempt_at = batch.clock(),
      ended_at = null
    where c.job_id = p_job_id and c.id = coalesce(v_id, c.id)
    returning c.*
  )

  select array_agg(r::batch.callbacks order by r.number) into v_callbacks from redelivered as r;

  if v_callbacks is null and v_id is not null then
    raise exception using
      errcode = 'BJ404', message = format('batch job %s has no callback %s', p_job_id, v_id);
  elsif v_callbacks is null then
    raise exception using
      errcode = 'BJ409', message = format('batch job %s has told nothing yet', p_job_id),
      hint = 'Its callbackUrl is called when it is paused and when it ends; what it was told is'
        ' kept as long as the job''s items.';
  end if;

  insert into batch.job_events (job_id, type, actor, details, created_at)
  values (
    p_job_id, 'callbacks_redelivered', batch.actor(),
    jsonb_build_object('callbackId', v_id, 'count', cardinality(v_callbacks)), batch.clock()
  );

  perform pg_notify('batch_callbacks', p_job_id::text);

  return json_build_object('items', (
    select json_agg(batch.callback_json(c) order by c.number) from unnest(v_callbacks) as c
  ));
end;
$$;
