-- The tokens that an item's requests sent and received, of all kinds. What cannot be true is not
-- counted.
create or replace function batch.tokens_of_usages(p_usages jsonb)
returns int
language sql
immutable
set search_path = ''
as $$
  select least(2147483647, coalesce(sum(
    coalesce((u.usage ->> 'inputTokens')::numeric, 0)
      + coalesce((u.usage ->> 'outputTokens')::numeric, 0)
  ) filter (where batch.is_believable(u.usage)), 0))::int
  from jsonb_array_elements(p_usages) as u (usage);
$$;
