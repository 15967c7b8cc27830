-- A page of jobs, newest first, as GET /api/v1/batch-jobs answers. p_query holds the query's
-- parameters as texts: status, jobType, instanceId (several by comma), createdAfter (inclusive),
-- createdBefore (exclusive), retryOf, metadata.NAME (equal), limit (1 to 200, 50 if absent),
-- cursor.
-- p_instance_ids are the only instances whose jobs the caller may see, null: all.
--
-- Pages by the key (created_at, id), so no job is shown twice or passed over while others are
-- added. Raises BJ422 for parameters that cannot be used.
create or replace function batch.list_jobs(
  p_query jsonb default '{}', p_instance_ids uuid[] default null
)
returns json
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
declare
  v_problems jsonb;
  v_limit int;
  v_after jsonb;
  v_statuses batch.job_state[];
  v_job_types text[];
  v_instance_ids uuid[];
  v_metadata jsonb;
  v_page json[];
  v_last batch.jobs;
begin
  select jsonb_agg(jsonb_build_object('field', p.field, 'problem', p.problem)) into v_problems
  from batch.list_problems(
    p_query,
    '{status,jobType,instanceId,createdAfter,createdBefore,retryOf,metadata.NAME,limit,cursor}'
  ) as p;

  perform batch.refuse(v_problems, 'the query');

  v_limit := coalesce((p_query ->> 'limit')::int, 50);
  v_after := batch.decode_cursor(p_query ->> 'cursor');
  v_statuses := string_to_array(nullif(replace(p_query ->> 'status', ' ', ''), ''), ',');
  v_job_types := string_to_array(nullif(replace(p_query ->> 'jobType', ' ', ''), ''), ',');
  v_instance_ids := string_to_array(nullif(replace(p_query ->> 'instanceId', ' ', ''), ''), ',');

  select jsonb_object_agg(substr(q.key, length('metadata.') + 1), q.value) into v_metadata
  from jsonb_each(p_query) as q
  where q.key like 'metadata.%';

  select array_agg(batch.job_json(page.job) order by page.created_at desc, page.id desc)
  into v_page
  from (
    select v as job, v.created_at, v.id
    from batch.batch_jobs as v
    where (v_statuses is null or v.status = any (v_statuses::text[]))
      and (v_job_types is null or v.job_type = any (v_job_types))
      and (v_instance_ids is null or v.instance_id = any (v_instance_ids))
      and (p_instance_ids is null or v.instance_id = any (p_instance_ids))
      and (v_metadata is null or v.metadata @> v_metadata)
      and (p_query ->> 'retryOf' is null or v.retry_of = (p_query ->> 'retryOf')::uuid)
      and v.created_at >= coalesce(batch.read_time(p_query ->> 'createdAfter'), '-infinity')
      and v.created_at < coalesce(batch.read_time(p_query ->> 'createdBefore'), 'infinity')
      and (
        v_after is null
        or (v.created_at, v.id)
          < (
            timestamptz 'epoch' + (v_after ->> 'createdAt')::bigint * interval '1 microsecond',
            (v_after ->> 'id')::uuid
          )
      )
    order by v.created_at desc, v.id desc
    limit v_limit + 1
  ) as page;

  if cardinality(v_page) > v_limit then
    select j.* into v_last from batch.jobs as j where j.id = (v_page[v_limit] ->> 'id')::uuid;
  end if;

  return json_build_object(
    'items', coalesce(array_to_json(v_page[:v_limit]), '[]'),
    'nextCursor', case when v_last.id is not null then
      batch.encode_cursor(jsonb_build_object(
        'createdAt', (extract(epoch from v_last.created_at) * 1000000)::bigint, 'id', v_last.id
      ))
    end
  );
end;
$$;
