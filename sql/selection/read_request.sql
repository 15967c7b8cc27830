-- A request for a job as the job it asks for, not stored: every field checked, the chat and the
-- instance looked up. Creating a job and estimating one both begin here.
--
-- p_instance_ids are the only instances that the caller may see, null: all. Others do not exist
-- for it. If it may see one, that is the instance of a request that names none.
--
-- Raises BJ422 with every problem as a JSON list in the detail, BJ404 if the chat or the
-- instance does not exist.
create or replace function batch.read_request(p_request jsonb, p_instance_ids uuid[] default null)
returns batch.jobs
language plpgsql
stable
set search_path = ''
as $$
declare
  v_problems jsonb;
  v_request jsonb;
  v_chat public.chats;
  v_job batch.jobs;
begin
  select jsonb_agg(jsonb_build_object('field', p.field, 'problem', p.problem)) into v_problems
  from batch.request_problems(p_request) as p;

  perform batch.refuse(v_problems);

  v_request := jsonb_strip_nulls(p_request);
  v_job.job_type := v_request ->> 'jobType';
  v_job.instance_id := (v_request ->> 'instanceId')::uuid;

  if v_job.instance_id is not null
    and not exists (
      select
      from public.instances as i
      where i.id = v_job.instance_id
        and (p_instance_ids is null or i.id = any (p_instance_ids))
    )
  then
    raise exception using
      errcode = 'BJ404', message = format('no instance %s', v_job.instance_id);
  end if;

  if v_request ? 'chatId' then
    v_chat := batch.find_chat(v_request ->> 'chatId', v_job.instance_id, p_instance_ids);
    v_job.chat_id := v_chat.id;
    v_job.instance_id := v_chat.instance_id;
  elsif v_job.instance_id is null and cardinality(p_instance_ids) = 1 then
    v_job.instance_id := p_instance_ids[1];
  elsif v_job.instance_id is null and p_instance_ids is not null then
    perform batch.refuse_field(
      'instanceId', 'required: this key may see only some instances, name one of them'
    );
  end if;

  v_job.content_types := coalesce(
    (
      select array_agg(distinct e.value::batch.content_type)
      from jsonb_array_elements_text(v_request -> 'contentTypes') as e (value)
    ),
    enum_range(null::batch.content_type)
  );
  v_job.days_back := (v_request -> 'daysBack')::numeric::int;
  v_job.item_limit := nullif((v_request -> 'limit')::numeric::int, 0);
  v_job.is_forced := coalesce((v_request -> 'force')::boolean, false);
  v_job.language := v_request ->> 'language';
  v_job.max_cost_usd := (v_request -> 'maxCostUsd')::numeric;
  v_job.failure_threshold := (v_request -> 'failureThreshold')::numeric;
  v_job.priority := coalesce((v_request -> 'priority')::numeric::int, 0);
  v_job.lanes := coalesce((v_request -> 'lanes')::numeric::int, 8);
  v_job.callback_url := v_request ->> 'callbackUrl';
  v_job.metadata := coalesce(v_request -> 'metadata', '{}');
  v_job.request_params := v_request - 'dryRun';

  return v_job;
end;
$$;
