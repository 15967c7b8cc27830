-- Refuses a request for its problems, a list of {field, problem}; null or empty refuses nothing.
--
-- Raises BJ422 with the problems as a JSON list in the detail.
create or replace function batch.refuse(p_problems jsonb, p_what text default 'the request')
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if jsonb_array_length(p_problems) > 0 then
    raise exception using
      errcode = 'BJ422',
      message = p_what || case jsonb_array_length(p_problems)
        when 1 then ' has a problem' else ' has several problems'
      end,
      detail = p_problems::text;
  end if;
end;
$$;
