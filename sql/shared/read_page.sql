-- What a query for a page of a listing without filters asks for: at most page_size rows of those
-- behind `after`, the position that its cursor holds under the name p_key. Texts as in a URL: limit
-- (1 to 200, 50 if absent), cursor.
--
-- Raises BJ422 for parameters that cannot be used.
create or replace function batch.read_page(
  p_query jsonb, p_key text, out after bigint, out page_size int
)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_after jsonb := batch.decode_cursor(p_query ->> 'cursor') -> p_key;
  v_problems jsonb;
begin
  select jsonb_agg(jsonb_build_object('field', p.field, 'problem', p.problem)) into v_problems
  from (
    select p.field, p.problem
    from batch.list_problems(p_query - 'cursor', '{limit,cursor}') as p

    union all
    select 'cursor', 'is not a cursor that an earlier page gave'
    where p_query ->> 'cursor' is not null and jsonb_typeof(v_after) is distinct from 'number'
  ) as p (field, problem);

  perform batch.refuse(v_problems, 'the query');

  after := coalesce(v_after::bigint, 0);
  page_size := coalesce((p_query ->> 'limit')::int, 50);
end;
$$;
