-- A page of a job's items in its order, as GET /api/v1/batch-jobs/{id}/items answers. p_query holds
-- the query's parameters as texts: status (pending, processed, failed, skipped), contentType and
-- errorCode (several by comma), text (true: with the text), limit (1 to 200, 50 if absent), cursor.
--
-- Pages by the key (job_id, seq): items never move, so none is shown twice or passed over. Few
-- failed ones among very many come from an index of their own. Raises BJ404 if there is no such
-- job, BJ422 for parameters that cannot be used.
create or replace function batch.list_items(p_job_id uuid, p_query jsonb default '{}')
returns json
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
declare
  v_problems jsonb;
  v_limit int;
  v_after text := batch.decode_cursor(p_query ->> 'cursor') ->> 'seq';
  v_statuses text[];
  v_content_types batch.content_type[];
  v_error_codes text[];
  v_with_text boolean;
  v_items batch.items[];
begin
  perform batch.require_job(p_job_id);

  v_statuses := string_to_array(nullif(replace(p_query ->> 'status', ' ', ''), ''), ',');
  v_error_codes := string_to_array(nullif(replace(p_query ->> 'errorCode', ' ', ''), ''), ',');

  select jsonb_agg(jsonb_build_object('field', p.field, 'problem', p.problem)) into v_problems
  from (
    select p.field, p.problem
    from batch.list_problems(
      p_query - '{status,cursor}'::text[], '{status,contentType,errorCode,text,limit,cursor}'
    ) as p

    union all
    select 'status', format(
      '%s is not one of pending, processed, failed, skipped', quote_literal(given.status)
    )
    from unnest(v_statuses) as given (status)
    where given.status not in ('pending', 'processed', 'failed', 'skipped')

    union all
    select 'cursor', 'is not a cursor that an earlier page gave'
    where p_query ->> 'cursor' is not null and (v_after ~ '^[0-9]{1,9}$') is not true
  ) as p (field, problem);

  perform batch.refuse(v_problems, 'the query');

  v_limit := coalesce((p_query ->> 'limit')::int, 50);
  v_content_types :=
    string_to_array(nullif(replace(p_query ->> 'contentType', ' ', ''), ''), ',');
  v_with_text := coalesce((p_query ->> 'text')::boolean, false);

  if v_statuses = '{failed}' or v_error_codes is not null then
    select array_agg(page.item order by page.seq) into v_items
    from (
      select i.seq, i as item
      from batch.item_results as r
      join batch.items as i on i.job_id = r.job_id and i.seq = r.seq
      where r.job_id = p_job_id
        and r.status = 'failed'
        and r.seq > coalesce(v_after::int, 0)
        and (v_statuses is null or 'failed' = any (v_statuses))
        and (v_error_codes is null or r.error_code = any (v_error_codes))
        and (v_content_types is null or i.content_type = any (v_content_types))
      order by r.seq
      limit v_limit + 1
    ) as page;
  else
    select array_agg(page.item order by page.seq) into v_items
    from (
      select i.seq, i as item
      from batch.items as i
      left join batch.item_results as r on r.job_id = i.job_id and r.seq = i.seq
      where i.job_id = p_job_id
        and i.seq > coalesce(v_after::int, 0)
        and (v_content_types is null or i.content_type = any (v_content_types))
        and (v_statuses is null or coalesce(r.status::text, 'pending') = any (v_statuses))
      order by i.seq
      limit v_limit + 1
    ) as page;
  end if;

  return json_build_object(
    'items', coalesce(
      (
        select json_agg(batch.item_json(v_items[n.place], v_with_text) order by n.place)
        from generate_series(1, least(v_limit, coalesce(cardinality(v_items), 0))) as n (place)
      ),
      '[]'
    ),
    'nextCursor', case when cardinality(v_items) > v_limit then
      batch.encode_cursor(jsonb_build_object('seq', v_items[v_limit].seq))
    end
  );
end;
$$;
