-- What an item of a content type takes with a provider and model: milliseconds and US dollars,
-- low (a tenth of items take less), expected, and high (a tenth take more).
--
-- By the first results, up to 500, of each of the last ten jobs; before there are any, by what
-- was measured on two cores and by what such a request usually uses, at today's price.
-- Sound whose length is known and that is priced by the second costs exactly that. Costs are null
-- if the price book does not know the model.
create or replace function batch.usual_item(
  p_content_type batch.content_type,
  p_provider text,
  p_model text,
  p_seconds numeric,
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
  with recent as (
    select
      count(*) > 0 as is_known,
      percentile_cont(0.1) within group (order by r.processing_ms)::numeric as ms_low,
      avg(r.processing_ms) as ms,
      percentile_cont(0.9) within group (order by r.processing_ms)::numeric as ms_high,
      percentile_cont(0.1) within group (order by r.cost_usd)::numeric as cost_low,
      avg(r.cost_usd) as cost,
      percentile_cont(0.9) within group (order by r.cost_usd)::numeric as cost_high
    from (
      select j.id from batch.jobs as j where j.total_items > 0 order by j.created_at desc limit 10
    ) as job
    cross join lateral (
      -- bounded: of a type that a large job has none of, not all its items are read
      select r.*
      from batch.item_results as r
      where r.job_id = job.id
      order by r.seq
      limit 500
    ) as r
    cross join lateral (
      select i.content_type
      from batch.items as i
      where i.job_id = r.job_id and i.seq = r.seq
      limit 1
    ) as i
    where i.content_type = p_content_type
      and r.status = 'processed'
      and not r.is_reused
      and r.provider = coalesce(p_provider, 'local')
      and (p_model is null or r.model = p_model)
  ),

  -- ms on two cores or at a provider; tokens sent and received; seconds of sound
  assumed (likely, ms, input_tokens, output_tokens, seconds) as (
    select a.likely, a.ms, a.input_tokens, a.output_tokens, coalesce(p_seconds, a.seconds)
    from (
      values
        ('audio'::batch.content_type, 'low', 500, 100, 20, 4),
        ('audio', 'expected', 1500, 480, 120, 15),
        ('audio', 'high', 6000, 2000, 500, 60),
        ('image', 'low', 200, 500, 40, 0),
        ('image', 'expected', 700, 1300, 200, 0),
        ('image', 'high', 2500, 3000, 800, 0),
        ('video', 'low', 2000, 1500, 100, 0),
        ('video', 'expected', 8000, 9000, 400, 0),
        ('video', 'high', 30000, 40000, 1500, 0),
        ('document', 'low', 4, 0, 0, 0),
        ('document', 'expected', 60, 0, 0, 0),
        ('document', 'high', 500, 0, 0, 0)
    ) as a (content_type, likely, ms, input_tokens, output_tokens, seconds)
    where a.content_type = p_content_type
  ),

  priced as (
    select a.likely, a.ms, case
      when p_provider is null or p_provider = 'local' or p_content_type = 'document' then 0
      else batch.cost_of_usage(
        jsonb_build_object(
          'provider', p_provider, 'model', p_model, 'inputTokens', a.input_tokens,
          'outputTokens', a.output_tokens, 'audioSeconds', a.seconds
        ),
        batch.clock()
      )
    end as cost
    from assumed as a
  ),

  guess as (
    select
      min(p.ms) filter (where p.likely = 'low') as ms_low,
      min(p.ms) filter (where p.likely = 'expected') as ms,
      min(p.ms) filter (where p.likely = 'high') as ms_high,
      min(p.cost) filter (where p.likely = 'low') as cost_low,
      min(p.cost) filter (where p.likely = 'expected') as cost,
      min(p.cost) filter (where p.likely = 'high') as cost_high
    from priced as p
  ),

  is_exact as (
    select p_seconds is not null
      and (batch.price_at(p_provider, p_model, 'audio_second', batch.clock())).usd is not null
      as yes
  )

  select
    case when r.is_known then r.ms_low else g.ms_low end,
    case when r.is_known then r.ms else g.ms end,
    case when r.is_known then r.ms_high else g.ms_high end,
    case when r.is_known and not e.yes then r.cost_low else g.cost_low end,
    case when r.is_known and not e.yes then r.cost else g.cost end,
    case when r.is_known and not e.yes then r.cost_high else g.cost_high end
  from recent as r
  cross join guess as g
  cross join is_exact as e;
$$;
