-- Takes over a list of prices: {provider, model, unit, usd, perUnits, minimumUnits, validFrom},
-- where validFrom null means: as far back as is known. Returns how many it added.
--
-- A price that is new in the book counts from the beginning; one that differs from the book's
-- counts from now, since what was paid was paid at the old one. Prices that somebody entered by
-- hand are not superseded. Calling twice adds nothing.
create or replace function batch.sync_prices(p_prices jsonb, p_source text)
returns int
language sql
volatile
set search_path = ''
set timezone = 'UTC'
as $$
  with offered as (
    select
      o.provider, o.model, o.unit, o.usd, o."perUnits" as per_units,
      coalesce(o."minimumUnits", 0) as minimum_units,
      coalesce(o."validFrom", '2000-01-01') as valid_from
    from jsonb_to_recordset(p_prices) as o (
      provider text, model text, unit text, usd numeric, "perUnits" numeric,
      "minimumUnits" numeric, "validFrom" timestamptz
    )
  ),

  changed as (
    select
      o.provider, o.model, o.unit, o.usd, o.per_units, o.minimum_units,
      case
        when valid.usd is null or o.valid_from > valid.valid_from then o.valid_from
        else batch.clock()
      end as valid_from
    from offered as o
    cross join lateral (
      select (batch.price_at(o.provider, o.model, o.unit, greatest(batch.clock(), o.valid_from))).*
    ) as valid
    where valid.source is distinct from 'by hand'
      and (valid.usd, valid.per_units, valid.minimum_units)
        is distinct from (o.usd, o.per_units, o.minimum_units)
      -- of a model's several dated prices, an older one is no news
      and not exists (
        select
        from offered as later
        where (later.provider, later.model, later.unit) = (o.provider, o.model, o.unit)
          and later.valid_from > o.valid_from
          and later.valid_from <= batch.clock()
          and valid.usd is not null
      )
  ),

  added as (
    insert into batch.model_prices (
      provider, model, unit, usd, per_units, minimum_units, valid_from, source
    )
    select
      c.provider, c.model, c.unit, c.usd, c.per_units, c.minimum_units, c.valid_from, p_source
    from changed as c
    on conflict (provider, model, unit, valid_from) do nothing
    returning 1
  )

  select count(*)::int from added as a;
$$;
