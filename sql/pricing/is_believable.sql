-- Whether what a provider says that one request used can be true. A number that was told and makes
-- no sense is kept as -1; the bounds are far above what any provider takes in one request.
create or replace function batch.is_believable(p_usage jsonb)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select coalesce((p_usage ->> 'audioSeconds')::numeric, 0) between 0 and 1000000
    and bool_and(coalesce((p_usage ->> t.name)::numeric, 0) between 0 and 100000000)
  from unnest('{inputTokens,cachedTokens,audioTokens,outputTokens}'::text[]) as t (name);
$$;
