-- What is wrong with the parameters of a listing's query, a row for every one at fault.
-- Values are texts, as a query string has them; lists are separated by commas, and an empty one
-- narrows nothing.
create or replace function batch.list_problems(p_query jsonb, p_known text[])
returns table (field text, problem text)
language sql
immutable
set search_path = ''
as $$
  with given as (
    select q.key, q.value from jsonb_each_text(p_query) as q
  ),

  members as (
    select g.key, trim(m.value) as value
    from given as g
    cross join lateral string_to_table(g.value, ',') as m (value)
  )

  select g.key, 'unknown parameter; known are ' || array_to_string(p_known, ', ')
  from given as g
  where g.key <> all (p_known)
    and not (g.key like 'metadata._%' and 'metadata.NAME' = any (p_known))

  union all
  select g.key, 'must be a whole number from 1 to 200'
  from given as g
  where g.key = 'limit'
    and not (g.value ~ '^[0-9]{1,3}$' and g.value::numeric between 1 and 200)

  union all
  select g.key, 'is not a cursor that an earlier page gave'
  from given as g
  cross join lateral batch.decode_cursor(g.value) as c (place)
  where g.key = any (p_known)
    and g.value is not null
    and case g.key
      when 'cursor' then
        c.place ->> 'createdAt' ~ '^[0-9]{1,16}$'
        and c.place ->> 'id' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
      when 'processedCursor' then c.place ->> 'seq' ~ '^[0-9]{1,9}$'
      when 'failedCursor' then c.place ->> 'seq' ~ '^[0-9]{1,9}$'
      else true
    end is not true

  union all
  select m.key, format(
    '%s is not one of %s', quote_literal(m.value),
    array_to_string(enum_range(null::batch.job_state), ', ')
  )
  from members as m
  where m.key = 'status' and m.value <> all (enum_range(null::batch.job_state)::text[])

  union all
  select m.key, format(
    '%s is not one of %s', quote_literal(m.value),
    array_to_string(enum_range(null::batch.content_type), ', ')
  )
  from members as m
  where m.key = 'contentType' and m.value <> all (enum_range(null::batch.content_type)::text[])

  union all
  select g.key, 'must be true or false'
  from given as g
  where g.key = 'text' and g.value not in ('true', 'false')

  union all
  select m.key,
    format('%s is not one of targeted_chat_sync, time_based_batch', quote_literal(m.value))
  from members as m
  where m.key = 'jobType' and m.value not in ('targeted_chat_sync', 'time_based_batch')

  union all
  select m.key, format('%s is not a uuid', quote_literal(m.value))
  from members as m
  where m.key = 'instanceId' and m.value !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'

  union all
  select g.key, 'must be a uuid'
  from given as g
  where g.key = 'retryOf' and g.value !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'

  union all
  select g.key, 'must be a time in ISO 8601, such as 2026-01-31T12:00:00Z'
  from given as g
  where g.key in ('createdAfter', 'createdBefore')
    and g.value is not null
    and batch.read_time(g.value) is null;
$$;
