-- What was spent, by job, instance, chat, content type, provider and model. The sum over a job's
-- rows is the job's total to the last digit. Chats that were deleted since are null.
create or replace view batch.spending as
select
  r.job_id,
  c.instance_id,
  m.chat_id,
  i.content_type::text as content_type,
  r.provider,
  r.model,
  count(*) as items,
  count(*) filter (where r.is_reused) as reused_items,
  count(*) filter (where r.cost_usd is null) as unpriced_items,
  coalesce(sum(r.cost_usd), 0)::numeric(16, 8) as cost_usd,
  sum(r.tokens_used) as tokens_used,
  min(r.finished_at) as first_at,
  max(r.finished_at) as last_at
from batch.item_results as r
join batch.items as i on i.job_id = r.job_id and i.seq = r.seq
left join public.messages as m on m.id = i.message_id
left join public.chats as c on c.id = m.chat_id
group by r.job_id, c.instance_id, m.chat_id, i.content_type, r.provider, r.model;
