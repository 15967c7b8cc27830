-- depends: 0002.batch-tables

-- The price book. A price is `usd` per `per_units`, as providers print it ("0.04 an hour", "0.30 a
-- million tokens"), so that nothing is rounded before the last step.
create table batch.model_prices (
  provider text not null,
  model text not null,
  unit text not null
    constraint unit_is_known check (
      unit in ('audio_second', 'input_token', 'audio_token', 'output_token')
    ),
  usd numeric not null
    constraint price_is_not_negative check (usd >= 0),
  per_units numeric not null
    constraint price_is_per_something check (per_units > 0),
  minimum_units numeric not null default 0
    constraint minimum_is_not_negative check (minimum_units >= 0),
  valid_from timestamptz not null,
  source text not null default 'by hand',
  primary key (provider, model, unit, valid_from)
);
comment on column batch.model_prices.minimum_units is 'a request is billed for at least so many';

alter table batch.item_results
  add column usage jsonb,
  add column is_reused boolean not null default false;
comment on column batch.item_results.usage is
  'what each request to a provider used; null for work done on the worker''s own machine';

alter table batch.job_progress
  add column unpriced int not null default 0,
  add column reused int not null default 0;

alter table batch.jobs
  add column max_cost_usd numeric(16, 8)
    constraint max_cost_is_not_negative check (max_cost_usd >= 0),
  add column pause_reason text
    constraint pause_reason_is_known check (pause_reason in ('budget', 'providers')),
  add column pause_message text,
  add column estimate jsonb;
comment on column batch.jobs.pause_reason is 'why Backscroll paused it; null: a user did';
comment on column batch.jobs.pause_message is 'the same for people, and what to do';
comment on column batch.jobs.estimate is 'what batch.estimate_job said when it was created';

-- Where the text of some bytes is: the same medium is paid for once. It points at the text
-- instead of keeping it, so a text that its owner deletes is gone from here too.
create table batch.made_texts (
  sha256 bytea not null,
  processing_type text not null,
  language text not null,
  model text not null,
  media_content_id uuid not null,
  made_at timestamptz not null,
  primary key (sha256, processing_type, language, model)
);
comment on column batch.made_texts.language is 'what was asked for; empty: detected';

-- Who is making the text of some bytes right now, so that nobody else pays for it too.
create table batch.claims (
  sha256 bytea not null,
  processing_type text not null,
  language text not null,
  job_id uuid not null references batch.jobs (id) on delete cascade,
  seq int not null,
  primary key (sha256, processing_type, language)
);
create index claims_item_idx on batch.claims (job_id, seq);

-- What an item in hand may still cost a job that has a budget.
create table batch.reservations (
  job_id uuid not null references batch.jobs (id) on delete cascade,
  seq int not null,
  usd numeric(16, 8) not null,
  primary key (job_id, seq)
);

create table batch.provider_limits (
  provider text primary key,
  requests_per_minute numeric
    constraint requests_per_minute_is_positive check (requests_per_minute > 0),
  max_in_flight int
    constraint max_in_flight_is_positive check (max_in_flight > 0)
);
comment on table batch.provider_limits is
  'what all workers together may ask of a provider; change it while jobs run; null: no limit';

create table batch.provider_states (
  provider text primary key,
  allowance numeric not null,
  refilled_at timestamptz not null,
  held_until timestamptz not null default '-infinity'
) with (fillfactor = 50);
comment on column batch.provider_states.held_until is 'the provider has asked to be left alone';

create table batch.provider_leases (
  provider text not null,
  worker_id bigint not null,
  in_flight int not null
    constraint in_flight_is_not_negative check (in_flight >= 0),
  primary key (provider, worker_id)
) with (fillfactor = 50);

alter table batch.workers add column offers jsonb not null default '{}';
comment on column batch.workers.offers is
  'content type -> {provider, model} that it asks first';
