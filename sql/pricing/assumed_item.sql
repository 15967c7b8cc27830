-- What an item of a content type may take before there are results to learn from: by what was
-- measured on two cores, and by what such a request usually uses, at today's price.
--
-- Of sound and film whose length is known (p_seconds) the use goes by it; of sound whose size is
-- known (p_bytes), by how dense sound usually is.
create or replace function batch.assumed_item(
  p_content_type batch.content_type, p_provider text, p_model text, p_seconds numeric,
  p_bytes numeric
)
returns table (likely text, ms numeric, cost_usd numeric)
language sql
stable
set search_path = ''
as $$
  -- tokens sent and received, for so many seconds; bytes of a second of sound
  with usual (content_type, likely, ms, input_tokens, output_tokens, seconds, density) as (
    values
      ('audio'::batch.content_type, 'low', 500, 100, 20, 4, 16000),
      ('audio', 'expected', 1500, 480, 120, 15, 4000),
      ('audio', 'high', 6000, 2000, 500, 60, 2000),
      ('image', 'low', 200, 500, 40, null, null),
      ('image', 'expected', 700, 1300, 200, null, null),
      ('image', 'high', 2500, 3000, 800, null, null),
      ('video', 'low', 2000, 1500, 100, 5, null),
      ('video', 'expected', 8000, 9000, 400, 30, null),
      ('video', 'high', 30000, 40000, 1500, 130, null),
      ('document', 'low', 4, 0, 0, null, null),
      ('document', 'expected', 60, 0, 0, null, null),
      ('document', 'high', 500, 0, 0, null, null)
  ),

  assumed as (
    select u.*, coalesce(p_seconds, p_bytes / u.density, u.seconds) as likely_seconds
    from usual as u
    where u.content_type = p_content_type
  )

  select a.likely, a.ms, case
    when p_provider is null or p_provider = 'local' or p_content_type = 'document' then 0
    else batch.cost_of_usage(
      jsonb_build_object(
        'provider', p_provider,
        'model', p_model,
        'inputTokens', round(a.input_tokens * coalesce(a.likely_seconds / a.seconds, 1)),
        'outputTokens', round(
          a.output_tokens
          * case when p_content_type = 'audio' then a.likely_seconds / a.seconds else 1 end
        ),
        'audioSeconds', case when p_content_type = 'audio' then a.likely_seconds else 0 end
      ),
      batch.clock()
    )
  end
  from assumed as a;
$$;
