-- Whether what a provider says that one request used can be true. A number that was told and makes
-- no sense is kept as -1; the bounds are far above what any provider takes in one request.
--
-- One expression and no pinned search_path, so that it is inlined.
create or replace function batch.is_believable(p_usage jsonb)
returns boolean
language sql
immutable
as $$
  select coalesce((p_usage ->> 'audioSeconds')::numeric, 0) between 0 and 1000000
    and coalesce((p_usage ->> 'inputTokens')::numeric, 0) between 0 and 100000000
    and coalesce((p_usage ->> 'cachedTokens')::numeric, 0) between 0 and 100000000
    and coalesce((p_usage ->> 'audioTokens')::numeric, 0) between 0 and 100000000
    and coalesce((p_usage ->> 'outputTokens')::numeric, 0) between 0 and 100000000;
$$;
