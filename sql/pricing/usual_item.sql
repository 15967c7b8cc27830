-- What an item of a content type takes with a provider and model: milliseconds and US dollars,
-- low (a tenth of items take less), expected, and high (a tenth take more).
--
-- By what such items took before (batch.recent_results), a second of sound and film, a page or a
-- byte of documents, where the mean of these is known (p_seconds, p_pages, p_bytes) and of the
-- former too; else an item. Expected is the median, which no outlier moves; where most cost
-- nothing, as documents without scanned pages, the mean of costs up to the high. How long sound
-- and film play of which only the size is known goes by what was processed before, by whomever.
--
-- Before there are results, by batch.assumed_item. Sound whose length is known and that is priced
-- by the second costs exactly that. Costs are null if the price book does not know the model.
create or replace function batch.usual_item(
  p_content_type batch.content_type,
  p_provider text,
  p_model text,
  p_seconds numeric,
  p_pages numeric default null,
  p_bytes numeric default null,
  out ms_low numeric,
  out ms numeric,
  out ms_high numeric,
  out cost_low numeric,
  out cost numeric,
  out cost_high numeric
)
language sql
stable
set search_path = ''
as $$
  with recent as materialized (
    select
      r.*,
      r.provider = coalesce(p_provider, 'local') and (p_model is null or r.model = p_model)
        as is_same,
      case
        when p_content_type = 'document' and p_pages is not null then r.pages
        when p_content_type = 'document' then r.bytes
        when p_content_type in ('audio', 'video') then r.seconds
      end as size
    from batch.recent_results(p_content_type) as r
  ),

  length as (
    select coalesce(
      p_seconds,
      p_bytes * percentile_disc(0.5) within group (order by r.seconds / nullif(r.bytes, 0))
    ) as seconds
    from recent as r
    where r.seconds > 0
  ),

  -- what the item has of what is counted, if anything was learnt of that
  basis as (
    select case
      when exists (select from recent as r where r.is_same and r.size > 0) then
        case
          when p_content_type = 'document' then coalesce(p_pages, p_bytes)
          when p_content_type in ('audio', 'video') then l.seconds
        end
    end as size
    from length as l
  ),

  taken as (
    select
      r.ms * coalesce(b.size / r.size, 1) as ms,
      r.cost_usd * coalesce(b.size / r.size, 1) as cost
    from recent as r
    cross join basis as b
    where r.is_same and (b.size is null or r.size > 0)
  ),

  bounds as (
    select
      percentile_disc(0.1) within group (order by t.ms) as ms_low,
      percentile_cont(0.5) within group (order by t.ms)::numeric as ms,
      percentile_disc(0.9) within group (order by t.ms) as ms_high,
      percentile_disc(0.1) within group (order by t.cost) as cost_low,
      percentile_cont(0.5) within group (order by t.cost)::numeric as cost,
      percentile_disc(0.9) within group (order by t.cost) as cost_high
    from taken as t
  ),

  learnt as (
    select
      b.*,
      case
        when b.cost > 0 then b.cost
        else (select avg(least(t.cost, b.cost_high)) from taken as t)
      end as cost_expected
    from bounds as b
  ),

  assumed as (
    select
      min(a.ms) filter (where a.likely = 'low') as ms_low,
      min(a.ms) filter (where a.likely = 'expected') as ms,
      min(a.ms) filter (where a.likely = 'high') as ms_high,
      min(a.cost_usd) filter (where a.likely = 'low') as cost_low,
      min(a.cost_usd) filter (where a.likely = 'expected') as cost,
      min(a.cost_usd) filter (where a.likely = 'high') as cost_high
    from length as l
    cross join lateral batch.assumed_item(
      p_content_type, p_provider, p_model, l.seconds, p_bytes
    ) as a
  ),

  exactness as (
    select p_seconds is not null
      and p_content_type = 'audio'
      and (batch.price_at(p_provider, p_model, 'audio_second', batch.clock())).usd is not null
      as is_exact
  )

  select
    coalesce(l.ms_low, a.ms_low),
    coalesce(l.ms, a.ms),
    coalesce(l.ms_high, a.ms_high),
    case when e.is_exact then a.cost_low else coalesce(l.cost_low, a.cost_low) end,
    case when e.is_exact then a.cost else coalesce(l.cost_expected, a.cost) end,
    case when e.is_exact then a.cost_high else coalesce(l.cost_high, a.cost_high) end
  from learnt as l
  cross join assumed as a
  cross join exactness as e;
$$;
