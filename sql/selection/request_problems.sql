-- Everything that is wrong with a request for a job, a row for every field at fault; no row
-- means it can be asked for. Null counts as absent. Reads no table.
create or replace function batch.request_problems(p_request jsonb)
returns table (field text, problem text)
language sql
immutable
set search_path = ''
as $$
  with request as (
    select
      case when jsonb_typeof(p_request) = 'object' then jsonb_strip_nulls(p_request) end as body
  ),

  given as (
    select e.key, e.value, jsonb_typeof(e.value) as type, e.value #>> '{}' as text
    from request as r
    cross join lateral jsonb_each(r.body) as e
  ),

  numbers as (
    select g.key, g.text::numeric as value
    from given as g
    where g.type = 'number' and g.key in ('daysBack', 'limit', 'maxCostUsd')
  )

  select '', 'the request must be a JSON object'
  from request as r where r.body is null

  union all
  select g.key,
    'unknown field; known are jobType, instanceId, chatId, contentTypes, daysBack, limit, force, '
    'language and maxCostUsd'
  from given as g
  where g.key not in (
    'jobType', 'instanceId', 'chatId', 'contentTypes', 'daysBack', 'limit', 'force', 'language',
    'maxCostUsd'
  )

  union all
  select 'jobType', 'required: targeted_chat_sync or time_based_batch'
  from request as r where not r.body ? 'jobType'

  union all
  select g.key, 'must be targeted_chat_sync or time_based_batch'
  from given as g
  where g.key = 'jobType'
    and (g.type <> 'string' or g.text not in ('targeted_chat_sync', 'time_based_batch'))

  union all
  select 'chatId', 'required for targeted_chat_sync: the chat''s uuid or its external id'
  from request as r
  where r.body ->> 'jobType' = 'targeted_chat_sync' and not r.body ? 'chatId'

  union all
  select g.key, 'must be a text of 1 to 255 characters: the chat''s uuid or its external id'
  from given as g
  where g.key = 'chatId' and (g.type <> 'string' or length(g.text) not between 1 and 255)

  union all
  select g.key, 'must be a uuid'
  from given as g
  where g.key = 'instanceId'
    and (
      g.type <> 'string'
      or g.text !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
    )

  union all
  select 'daysBack', 'required for time_based_batch: how many days back, 1 to 3650'
  from request as r
  where r.body ->> 'jobType' = 'time_based_batch' and not r.body ? 'daysBack'

  union all
  select g.key, 'must be a whole number from 1 to 3650'
  from given as g
  left join numbers as n on n.key = g.key
  where g.key = 'daysBack'
    and (n.value between 1 and 3650 and n.value = trunc(n.value)) is not true

  union all
  select g.key, 'must be a whole number from 0 (no limit) to 2147483647'
  from given as g
  left join numbers as n on n.key = g.key
  where g.key = 'limit'
    and (n.value between 0 and 2147483647 and n.value = trunc(n.value)) is not true

  union all
  select g.key, 'must be a number of US dollars from 0 to 99999999'
  from given as g
  left join numbers as n on n.key = g.key
  where g.key = 'maxCostUsd' and (n.value between 0 and 99999999) is not true

  union all
  select g.key, 'must be true or false'
  from given as g where g.key = 'force' and g.type <> 'boolean'

  union all
  select g.key, 'must be a language tag such as en, pt or pt-BR'
  from given as g
  where g.key = 'language'
    and (
      g.type <> 'string' or length(g.text) > 10
      or g.text !~* '^[a-z]{2,3}(-[a-z0-9]{2,8})*$'
    )

  union all
  select g.key, 'must be a list with at least one of audio, image, video, document'
  from given as g
  where g.key = 'contentTypes' and (g.type <> 'array' or g.value = '[]')

  union all
  select g.key, format('%s is not one of audio, image, video, document', e.value)
  from given as g
  cross join lateral jsonb_array_elements(
    case when g.type = 'array' then g.value else '[]' end
  ) as e (value)
  where g.key = 'contentTypes'
    and (
      jsonb_typeof(e.value) <> 'string'
      or e.value #>> '{}' not in ('audio', 'image', 'video', 'document')
    );
$$;
