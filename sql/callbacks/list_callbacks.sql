-- A page of what a job's callbackUrl was told or is to be told, in the order of the events, as
-- GET /api/v1/batch-jobs/{id}/callbacks answers. p_query holds the query's parameters as texts:
-- limit (1 to 200, 50 if absent), cursor. A job without a callbackUrl has none.
--
-- Raises BJ404 if there is no such job, BJ422 for parameters that cannot be used.
create or replace function batch.list_callbacks(p_job_id uuid, p_query jsonb default '{}')
returns json
language plpgsql
stable
set search_path = ''
as $$
declare
  v_problems jsonb;
  v_limit int;
  v_after text := batch.decode_cursor(p_query ->> 'cursor') ->> 'number';
  v_callbacks batch.callbacks[];
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
    where p_query ->> 'cursor' is not null and (v_after ~ '^[0-9]{1,18}$') is not true
  ) as p (field, problem);

  perform batch.refuse(v_problems, 'the query');

  v_limit := coalesce((p_query ->> 'limit')::int, 50);

  select array_agg(page.callback order by page.number) into v_callbacks
  from (
    select c.number, c as callback
    from batch.callbacks as c
    where c.job_id = p_job_id and c.number > coalesce(v_after::bigint, 0)
    order by c.number
    limit v_limit + 1
  ) as page;

  return json_build_object(
    'items', coalesce(
      (
        select json_agg(batch.callback_json(c) order by c.number)
        from unnest(v_callbacks[:v_limit]) as c
      ),
      '[]'
    ),
    'nextCursor', case when cardinality(v_callbacks) > v_limit then
      batch.encode_cursor(jsonb_build_object('number', v_callbacks[v_limit].number))
    end
  );
end;
$$;
