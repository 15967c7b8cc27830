-- What is wrong with the fields of a request, each for itself; p_known are those that it may have.
-- Null counts as absent. Reads no table.
create or replace function batch.field_problems(p_request jsonb, p_known text[])
returns table (field text, problem text)
language sql
immutable
set search_path = ''
as $$
  with request as (
    select case when jsonb_typeof(p_request) = 'object' then p_request end as body
  ),

  given as (
    select
      e.key, e.value, jsonb_typeof(e.value) as type, e.value #>> '{}' as text,
      case when jsonb_typeof(e.value) = 'object' then e.value else '{}' end as object
    from request as r
    cross join lateral jsonb_each(r.body) as e
    where e.value <> 'null'
  ),

  numbers as (
    select g.key, g.text::numeric as value
    from given as g
    where g.type = 'number'
  )

  select '', 'the request must be a JSON object'
  from request as r where r.body is null

  union all
  select e.key, 'unknown field; known are ' || array_to_string(p_known, ', ')
  from request as r
  cross join lateral jsonb_object_keys(r.body) as e (key)
  where e.key <> all (p_known)

  union all
  select g.key, 'must be targeted_chat_sync or time_based_batch'
  from given as g
  where g.key = 'jobType'
    and (g.type <> 'string' or g.text not in ('targeted_chat_sync', 'time_based_batch'))

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
  from given as g where g.key in ('force', 'dryRun') and g.type <> 'boolean'

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
    )

  union all
  select g.key, 'must be a whole number from -100 to 100'
  from given as g
  left join numbers as n on n.key = g.key
  where g.key = 'priority'
    and (n.value between -100 and 100 and n.value = trunc(n.value)) is not true

  union all
  select g.key, 'must be a whole number from 1 to 64'
  from given as g
  left join numbers as n on n.key = g.key
  where g.key = 'lanes' and (n.value between 1 and 64 and n.value = trunc(n.value)) is not true

  union all
  select g.key, 'must be a share of the items, greater than 0 and at most 1'
  from given as g
  left join numbers as n on n.key = g.key
  where g.key = 'failureThreshold' and (n.value > 0 and n.value <= 1) is not true

  union all
  select g.key, 'must be an address such as https://example.org/hooks, of at most 2000 characters'
  from given as g
  where g.key = 'callbackUrl'
    and (
      g.type <> 'string' or length(g.text) > 2000
      -- visible characters of ASCII; none of / ? # @ in the host
      or g.text !~* '^https?://[!-"$-.0->A-~]+([/?#][!-~]*)?$'
    )

  union all
  select g.key, 'must be an object of at most 16 names of 1 to 64 characters, each with a text of '
    'at most 512 characters'
  from given as g
  where g.key = 'metadata'
    and (
      g.type <> 'object'
      or (select count(*) from jsonb_object_keys(g.object)) > 16
      or exists (
        select
        from jsonb_each(g.object) as pair
        where length(pair.key) not between 1 and 64
          or jsonb_typeof(pair.value) <> 'string'
          or length(pair.value #>> '{}') > 512
      )
    );
$$;
