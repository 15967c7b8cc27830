-- The tokens that an item's requests sent and received, of all kinds.
create or replace function batch.tokens_of_usages(p_usages jsonb)
returns int
language sql
immutable
set search_path = ''
as $$
  select coalesce(sum(
    coalesce((u.usage ->> 'inputTokens')::numeric, 0)
      + coalesce((u.usage ->> 'outputTokens')::numeric, 0)
  ), 0)::int
  from jsonb_array_elements(p_usages) as u (usage);
$$;
