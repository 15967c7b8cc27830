-- Claims the bytes of one paid item and reserves what it may cost: see batch.admit_items.
-- An item whose possible cost is not known is admitted while the budget is not spent.
create or replace function batch.admit_paid_item(
  p_job_id uuid,
  p_seq int,
  p_sha256 bytea,
  p_processing_type text,
  p_language text,
  p_is_forced boolean,
  p_may_use jsonb
)
returns text
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_budget numeric;
  v_free numeric;
  v_reserved numeric;
  v_may_cost numeric;
begin
  if not p_is_forced then
    insert into batch.claims (sha256, processing_type, language, job_id, seq)
    values (p_sha256, p_processing_type, p_language, p_job_id, p_seq)
    on conflict (sha256, processing_type, language) do nothing;

    perform from batch.claims as c
    where c.sha256 = p_sha256
      and c.processing_type = p_processing_type
      and c.language = p_language
      and (c.job_id, c.seq) = (p_job_id, p_seq);

    if not found then
      return 'wait';
    end if;
  end if;

  select j.max_cost_usd into v_budget
  from batch.jobs as j
  where j.id = p_job_id and j.max_cost_usd is not null
  for update;

  if not found then
    return 'go';
  end if;

  select coalesce(max(batch.cost_of_usage(u.usage, batch.clock())), 0) into v_may_cost
  from jsonb_array_elements(p_may_use) as u (usage);
  select coalesce(sum(r.usd), 0) into v_reserved
  from batch.reservations as r where r.job_id = p_job_id and r.seq <> p_seq;
  select v_budget - v.total_cost_usd - v_reserved into v_free
  from batch.batch_jobs as v where v.id = p_job_id;

  if v_free > 0 and v_may_cost <= v_free then
    insert into batch.reservations (job_id, seq, usd)
    values (p_job_id, p_seq, v_may_cost)
    on conflict (job_id, seq) do update set usd = excluded.usd;
    return 'go';
  end if;

  delete from batch.claims as c where c.job_id = p_job_id and c.seq = p_seq;

  if v_reserved > 0 then
    return 'wait';
  end if;

  perform batch.hold_job(p_job_id, 'budget', format(
    '%s of %s USD are spent, and the next item may cost %s: raise maxCostUsd to go on',
    v_budget - v_free, v_budget, v_may_cost
  ));
  return 'stop';
end;
$$;
