-- The id of the job that p_text names: its id, or the first characters of it if no other job's id
-- begins so. People copy ids by hand; four characters at least, so that a slip of the hand does not
-- name the only job there is.
--
-- Raises BJ404 if there is none, BJ422 if there are several or the text cannot be an id.
create or replace function batch.find_job(p_text text)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
  v_digits text := translate(lower(trim(p_text)), '-', '');
  v_ids uuid[];
begin
  if (v_digits ~ '^[0-9a-f]{4,32}$') is not true then
    raise exception using
      errcode = 'BJ422',
      message = format('%s is not the id of a job', quote_literal(coalesce(p_text, ''))),
      hint = 'Give the id that `backscroll jobs list` shows, or at least its first 4 characters';
  end if;

  -- As a range of the key, so that the index finds it.
  select array_agg(found.id) into v_ids
  from (
    select j.id
    from batch.jobs as j
    where j.id between rpad(v_digits, 32, '0')::uuid and rpad(v_digits, 32, 'f')::uuid
    order by j.id
    limit 2
  ) as found;

  if v_ids is null then
    raise exception using errcode = 'BJ404', message = format('no batch job %s', p_text);
  end if;

  if cardinality(v_ids) > 1 then
    raise exception using
      errcode = 'BJ422',
      message = format('several batch jobs begin with %s', p_text),
      hint = format('Give more of the id: %s and %s are two of them', v_ids[1], v_ids[2]);
  end if;

  return v_ids[1];
end;
$$;
