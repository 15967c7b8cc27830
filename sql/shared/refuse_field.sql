-- Refuses a request for one field of it. Raises BJ422.
create or replace function batch.refuse_field(p_field text, p_problem text)
returns void
language sql
stable
set search_path = ''
as $$
  select batch.refuse(
    jsonb_build_array(jsonb_build_object('field', p_field, 'problem', p_problem))
  );
$$;
