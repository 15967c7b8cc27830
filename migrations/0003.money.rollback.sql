alter table batch.workers drop column offers cascade;
drop table batch.provider_leases, batch.provider_states, batch.provider_limits,
  batch.reservations, batch.claims, batch.made_texts, batch.model_prices cascade;
alter table batch.jobs
  drop column max_cost_usd cascade, drop column pause_reason cascade,
  drop column pause_message cascade, drop column estimate cascade;
alter table batch.job_progress
  drop column unpriced cascade, drop column reused cascade;
alter table batch.item_results
  drop column usage cascade, drop column is_reused cascade;
