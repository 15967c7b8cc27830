-- A page of a job's results of one status, in the job's order, from behind a cursor.
-- Of a job with few of them among very many others, the failed come from an index of their own.
create or replace function batch.result_page(
  p_job_id uuid,
  p_status batch.result_status,
  p_cursor text,
  p_limit int
)
returns json
language plpgsql
stable
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
declare
  v_results batch.item_results[];
begin
  select array_agg(page.result order by page.seq) into v_results
  from (
    select r.seq, r as result
    from batch.item_results as r
    where r.job_id = p_job_id
      and r.status = p_status
      and r.seq > coalesce((batch.decode_cursor(p_cursor) ->> 'seq')::int, 0)
    order by r.seq
    limit p_limit + 1
  ) as page;

  return json_build_object(
    'items', coalesce(
      (
        select json_agg(batch.result_json(v_results[n.place]) order by n.place)
        from generate_series(1, least(p_limit, coalesce(cardinality(v_results), 0))) as n (place)
      ),
      '[]'
    ),
    'nextCursor', case when cardinality(v_results) > p_limit then
      batch.encode_cursor(jsonb_build_object('seq', v_results[p_limit].seq))
    end
  );
end;
$$;
