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
  v_items batch.items[];
begin
  select array_agg(page.item order by page.seq) into v_items
  from (
    select i.seq, i as item
    from batch.item_results as r
    join batch.items as i on i.job_id = r.job_id and i.seq = r.seq
    where r.job_id = p_job_id
      and r.status = p_status
      and r.seq > coalesce((batch.decode_cursor(p_cursor) ->> 'seq')::int, 0)
    order by r.seq
    limit p_limit + 1
  ) as page;

  return json_build_object(
    'items', coalesce(
      (
        select json_agg(batch.item_json(v_items[n.place]) order by n.place)
        from generate_series(1, least(p_limit, coalesce(cardinality(v_items), 0))) as n (place)
      ),
      '[]'
    ),
    'nextCursor', case when cardinality(v_items) > p_limit then
      batch.encode_cursor(jsonb_build_object('seq', v_items[p_limit].seq))
    end
  );
end;
$$;
