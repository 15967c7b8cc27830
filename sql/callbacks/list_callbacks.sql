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
  v_page record;
  v_items json[];
  v_numbers bigint[];
begin
  perform batch.require_job(p_job_id);
  v_page := batch.read_page(p_query, 'number');

  select
    array_agg(batch.callback_json(page.callback) order by page.number),
    array_agg(page.number order by page.number)
  into v_items, v_numbers
  from (
    select c.number, c as callback
    from batch.callbacks as c
    where c.job_id = p_job_id and c.number > v_page.after
    order by c.number
    limit v_page.page_size + 1
  ) as page;

  return batch.page_json(v_items, v_numbers, v_page.page_size, 'number');
end;
$$;
