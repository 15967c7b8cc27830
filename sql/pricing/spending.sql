-- What was spent, by job, instance, chat, content type, provider and model. The sum over a job's
-- rows is the job's total to the last digit: what was billed for items that have no result (their
-- job is paused, or was cancelled) is in it, with no items. Chats deleted since are null.
create or replace view batch.spending as
with spent as (
  select
    r.job_id, r.seq,
    -- a failed item has no provider of its own: whom it was billed by first
    coalesce(r.provider, r.usage -> 0 ->> 'provider') as provider,
    coalesce(r.model, r.usage -> 0 ->> 'model') as model,
    1 as items, r.is_reused, r.cost_usd, r.tokens_used,
    r.finished_at as at
  from batch.item_results as r

  union all
  select
    a.job_id, a.seq, a.usage ->> 'provider', a.usage ->> 'model', 0, false, a.cost_usd,
    a.tokens_used, a.billed_at
  from batch.billed_attempts as a
)

select
  r.job_id,
  c.instance_id,
  m.chat_id,
  i.content_type::text as content_type,
  r.provider,
  r.model,
  sum(r.items) as items,
  count(*) filter (where r.is_reused) as reused_items,
  count(distinct r.seq) filter (where r.cost_usd is null) as unpriced_items,
  coalesce(sum(r.cost_usd), 0)::numeric(16, 8) as cost_usd,
  sum(r.tokens_used) as tokens_used,
  min(r.at) as first_at,
  max(r.at) as last_at
from spent as r
join batch.items as i on i.job_id = r.job_id and i.seq = r.seq
left join public.messages as m on m.id = i.message_id
left join public.chats as c on c.id = m.chat_id
group by r.job_id, c.instance_id, m.chat_id, i.content_type, r.provider, r.model;
