-- depends: 0003.money

-- Requests that were billed, or may have been, for items that were given up without a result: the
-- provider was away, the job was cancelled, the worker stopped. When the item gets its result,
-- whoever makes it, they become part of it and leave here: a job's total is the sum of both.
create table batch.billed_attempts (
  job_id uuid not null references batch.jobs (id) on delete cascade,
  seq int not null,
  report uuid not null,
  place int not null,
  usage jsonb not null,
  cost_usd numeric(12, 8)
    constraint attempt_cost_is_not_negative check (cost_usd >= 0),
  tokens_used int not null,
  worker_id bigint not null,
  billed_at timestamptz not null,
  primary key (job_id, seq, report, place)
);
comment on column batch.billed_attempts.report is
  'with place, the number of a request: reported twice, it counts once';
comment on column batch.billed_attempts.cost_usd is 'by the price of that time; null: not known';

-- What estimates learn from: how large the media were that cost so much.
alter table batch.item_results
  add column media_seconds numeric(12, 3),
  add column media_pages int,
  add column media_bytes bigint;

alter table batch.model_prices
  drop constraint unit_is_known,
  add constraint unit_is_known check (
    unit in ('audio_second', 'input_token', 'cached_token', 'audio_token', 'output_token')
  );
