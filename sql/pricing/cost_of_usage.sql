-- What one request to a provider cost, in US dollars to the eighth decimal, by the prices valid
-- at that time; null if the price book cannot tell. It never takes what it does not know for free:
-- a model without a price, tokens of a model priced by the second, a request whose use is unknown
-- or cannot be true, a sum that no result can hold.
--
-- p_usage: {provider, model, inputTokens, of those cachedTokens and audioTokens, outputTokens,
-- audioSeconds}. Sound, and what the provider had in its cache, are charged apart where the book
-- has a price for them, and else like everything else that was sent.
--
-- Called for every result that was paid for: one look into the book, and plain arithmetic.
create or replace function batch.cost_of_usage(p_usage jsonb, p_at timestamptz)
returns numeric
language plpgsql
stable
set search_path = ''
as $$
declare
  v_seconds numeric;
  v_input numeric;
  v_output numeric;
  v_price batch.model_prices;
  v_units numeric;
  v_usd numeric;
begin
  if not batch.is_believable(p_usage) then
    return null;
  end if;

  v_seconds := coalesce((p_usage ->> 'audioSeconds')::numeric, 0);
  v_input := coalesce((p_usage ->> 'inputTokens')::numeric, 0);
  v_output := coalesce((p_usage ->> 'outputTokens')::numeric, 0);

  -- In this order, what is charged apart is taken off the input before the input is charged.
  for v_price in
    select distinct on (p.unit) p.*
    from batch.model_prices as p
    where p.provider = p_usage ->> 'provider'
      and p.model = p_usage ->> 'model'
      and p.valid_from <= p_at
    order by
      p.unit, -- audio_second, audio_token, cached_token, input_token, output_token
      p.valid_from desc
  loop
    case v_price.unit
      when 'audio_second' then
        v_units := v_seconds;
      when 'audio_token' then
        v_units := coalesce((p_usage ->> 'audioTokens')::numeric, 0);
        v_input := v_input - v_units;
      when 'cached_token' then
        v_units := least(
          coalesce((p_usage ->> 'cachedTokens')::numeric, 0), greatest(0, v_input)
        );
        v_input := v_input - v_units;
      when 'input_token' then
        v_units := v_input;
        v_input := 0;
      when 'output_token' then
        v_units := v_output;
        v_output := 0;
    end case;

    if v_units > 0 then
      v_usd := coalesce(v_usd, 0)
        + greatest(v_units, v_price.minimum_units) * v_price.usd / v_price.per_units;

      -- Priced by time: what the request also says in tokens is not charged again.
      if v_price.unit = 'audio_second' then
        return batch.storable_cost(v_usd);
      end if;
    end if;
  end loop;

  return case when v_input <= 0 and v_output <= 0 then batch.storable_cost(v_usd) end;
end;
$$;
