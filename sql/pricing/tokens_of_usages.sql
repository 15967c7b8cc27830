-- The tokens that an item's requests sent and received, of all kinds. What cannot be true is not
-- counted.
create or replace function batch.tokens_of_usages(p_usages jsonb)
returns int
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_usage jsonb;
  v_tokens numeric := 0;
begin
  for v_place in 0 .. jsonb_array_length(p_usages) - 1 loop
    v_usage := p_usages -> v_place;

    if batch.is_believable(v_usage) then
      v_tokens := v_tokens
        + coalesce((v_usage ->> 'inputTokens')::numeric, 0)
        + coalesce((v_usage ->> 'outputTokens')::numeric, 0);
    end if;
  end loop;

  return least(2147483647, v_tokens);
end;
$$;
