-- depends: 0005.api

create type batch.callback_state as enum ('queued', 'delivered', 'given_up');

-- What a job's callbackUrl is to be told of one event. The id is the `webhook-id`: it stays the
-- same however often it is sent, so that a receiver can tell a repetition from news.
create table batch.callbacks (
  id uuid primary key default gen_random_uuid(),
  number bigint not null generated always as identity,
  job_id uuid not null references batch.jobs (id) on delete cascade,
  type text not null
    constraint callback_type_is_known check (
      type in (
        'batch_job.completed', 'batch_job.failed', 'batch_job.cancelled', 'batch_job.paused'
      )
    ),
  url text not null,
  host text not null
    generated always as (coalesce(lower(substring(url from '^[^:]+://([^/?#]*)')), '')) stored,
  payload text not null,
  state batch.callback_state not null default 'queued',
  attempts int not null default 0,
  attempts_before int not null default 0,
  created_at timestamptz not null,
  next_attempt_at timestamptz,
  ended_at timestamptz,
  worker_id bigint,
  leased_until timestamptz,

  constraint only_queued_callbacks_are_due
    check ((next_attempt_at is not null) = (state = 'queued')),
  constraint queued_callbacks_have_not_ended check ((ended_at is null) = (state = 'queued')),
  constraint leased_callbacks_have_a_worker
    check ((worker_id is not null) = (leased_until is not null))
) with (fillfactor = 70);
comment on column batch.callbacks.number is 'the order in which a job''s events were';
comment on column batch.callbacks.payload is 'the body, as it is signed: to the byte';
comment on column batch.callbacks.attempts_before is
  'attempts of earlier rounds: redelivering begins the schedule of retries anew';
comment on column batch.callbacks.leased_until is
  'so long the worker has it in hand; after that anybody may take it';

create index callbacks_job_idx on batch.callbacks (job_id, number);
create index callbacks_due_idx on batch.callbacks (next_attempt_at) where state = 'queued';
create unique index callbacks_end_idx on batch.callbacks (job_id)
  where type <> 'batch_job.paused';
comment on index batch.callbacks_end_idx is 'a job ends once';

create table batch.callback_attempts (
  callback_id uuid not null references batch.callbacks (id) on delete cascade,
  number int not null,
  worker_id bigint not null,
  started_at timestamptz not null,
  duration_ms int,
  status_code int,
  error text,
  response text,
  primary key (callback_id, number)
);
comment on column batch.callback_attempts.duration_ms is 'null: it was never heard how it ended';
comment on column batch.callback_attempts.response is 'the beginning of the body';

-- What callbacks are signed with where BACKSCROLL_WEBHOOK_SECRET is not set: two random uuids, 244
-- bits that nobody can guess.
create table batch.webhook_secrets (
  id int primary key default 1
    constraint there_is_one_webhook_secret check (id = 1),
  secret text not null
);
insert into batch.webhook_secrets (secret)
values (
  'whsec_' || encode(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), 'base64')
);
