-- What one request to a provider cost, in US dollars to the eighth decimal, by the prices valid
-- at that time; null if the price book cannot tell. It never takes what it does not know for free:
-- a model without a price, tokens of a model priced by the second, a request whose use is unknown
-- or cannot be true, a sum that no result can hold.
--
-- p_usage: {provider, model, inputTokens, of those cachedTokens and audioTokens, outputTokens,
-- audioSeconds}. Sound, and what the provider had in its cache, are charged apart where the book
-- has a price for them, and else like everything else that was sent.
create or replace function batch.cost_of_usage(p_usage jsonb, p_at timestamptz)
returns numeric
language sql
stable
set search_path = ''
as $$
  with used as (
    select
      p_usage ->> 'provider' as provider,
      p_usage ->> 'model' as model,
      coalesce((p_usage ->> 'audioSeconds')::numeric, 0) as audio_seconds,
      coalesce((p_usage ->> 'audioTokens')::numeric, 0) as audio_tokens,
      coalesce((p_usage ->> 'cachedTokens')::numeric, 0) as cached_tokens,
      coalesce((p_usage ->> 'inputTokens')::numeric, 0) as input_tokens,
      coalesce((p_usage ->> 'outputTokens')::numeric, 0) as output_tokens
    where batch.is_believable(p_usage)
  ),

  billed as (
    -- priced by time: what the request also says in tokens is not charged again
    select u.*, 'audio_second' as unit, u.audio_seconds as units
    from used as u
    where u.audio_seconds > 0
      and (batch.price_at(u.provider, u.model, 'audio_second', p_at)).usd is not null

    union all
    select u.*, split.unit, split.units
    from used as u
    cross join lateral (
      select case
        when (batch.price_at(u.provider, u.model, 'audio_token', p_at)).usd is null then 0
        else u.audio_tokens
      end as tokens
    ) as audio
    cross join lateral (
      select case
        when (batch.price_at(u.provider, u.model, 'cached_token', p_at)).usd is null then 0
        else least(u.cached_tokens, greatest(0, u.input_tokens - audio.tokens))
      end as tokens
    ) as cached
    cross join lateral (
      values
        ('input_token', u.input_tokens - audio.tokens - cached.tokens),
        ('audio_token', audio.tokens),
        ('cached_token', cached.tokens),
        ('output_token', u.output_tokens)
    ) as split (unit, units)
    where split.units > 0
      and (
        u.audio_seconds <= 0
        or (batch.price_at(u.provider, u.model, 'audio_second', p_at)).usd is null
      )
  ),

  charges as (
    select greatest(b.units, price.minimum_units) * price.usd / price.per_units as usd
    from billed as b
    left join lateral batch.price_at(b.provider, b.model, b.unit, p_at) as price on true
  )

  select case when bool_and(c.usd is not null) then batch.storable_cost(sum(c.usd)) end
  from charges as c;
$$;
