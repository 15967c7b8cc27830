-- A page of a job's life, in its order, as GET /api/v1/batch-jobs/{id}/events answers: who did
-- what, and when. p_query holds the query's parameters as texts: limit (1 to 200, 50 if absent),
-- cursor.
--
-- Raises BJ404 if there is no such job, BJ422 for parameters that cannot be used.
create or replace function batch.list_events(p_job_id uuid, p_query jsonb default '{}')
returns json
language plpgsql
stable
set search_path = ''
as $$
declare
  v_problems jsonb;
  v_limit int;
  v_after jsonb := batch.decode_cursor(p_query ->> 'cursor') -> 'id';
  v_events batch.job_events[];
begin
  if not exists (select from batch.jobs as j where j.id = p_job_id) then
    raise exception using errcode = 'BJ404', message = format('no batch job %s', p_job_id);
  end if;

  select jsonb_agg(jsonb_build_object('field', p.field, 'problem', p.problem)) into v_problems
  from (
    select p.field, p.problem
    from batch.list_problems(p_query - 'cursor', '{limit,cursor}') as p

    union all
    select 'cursor', 'is not a cursor that an earlier page gave'
    where p_query ->> 'cursor' is not null and jsonb_typeof(v_after) is distinct from 'number'
  ) as p (field, problem);

  perform batch.refuse(v_problems, 'the query');

  v_limit := coalesce((p_query ->> 'limit')::int, 50);

  select array_agg(page.event order by page.id) into v_events
  from (
    select e.id, e as event
    from batch.job_events as e
    where e.job_id = p_job_id and e.id > coalesce(v_after::numeric, 0)
    order by e.id
    limit v_limit + 1
  ) as page;

  return json_build_object(
    'items', coalesce(
      (
        select json_agg(batch.event_json(e) order by e.id)
        from unnest(v_events[:v_limit]) as e
      ),
      '[]'
    ),
    'nextCursor', case when cardinality(v_events) > v_limit then
      batch.encode_cursor(jsonb_build_object('id', v_events[v_limit].id))
    end
  );
end;
$$;
