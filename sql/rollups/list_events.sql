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
  v_page record;
  v_items json[];
  v_ids bigint[];
begin
  perform batch.require_job(p_job_id);
  v_page := batch.read_page(p_query, 'id');

  select
    array_agg(batch.event_json(page.event) order by page.id),
    array_agg(page.id order by page.id)
  into v_items, v_ids
  from (
    select e.id, e as event
    from batch.job_events as e
    where e.job_id = p_job_id and e.id > v_page.after
    order by e.id
    limit v_page.page_size + 1
  ) as page;

  return batch.page_json(v_items, v_ids, v_page.page_size, 'id');
end;
$$;
