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
  )

  select p.field, p.problem
  from batch.field_problems(
    p_request,
    '{jobType,instanceId,chatId,contentTypes,daysBack,limit,force,language,maxCostUsd,'
    'failureThreshold,priority,lanes,callbackUrl,metadata,dryRun}'
  ) as p

  union all
  select 'jobType', 'required: targeted_chat_sync or time_based_batch'
  from request as r where not r.body ? 'jobType'

  union all
  select 'chatId', 'required for targeted_chat_sync: the chat''s uuid or its external id'
  from request as r
  where r.body ->> 'jobType' = 'targeted_chat_sync' and not r.body ? 'chatId'

  union all
  select 'daysBack', 'required for time_based_batch: how many days back, 1 to 3650'
  from request as r
  where r.body ->> 'jobType' = 'time_based_batch' and not r.body ? 'daysBack';
$$;
