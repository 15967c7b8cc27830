-- depends: 0003.money

-- Who may call the API. The key itself is shown once and kept nowhere: `prefix`, the first part of
-- it, finds the row, and the digest tells whether the rest is right.
create table batch.api_keys (
  id uuid primary key default gen_random_uuid(),
  name text not null
    constraint key_name_is_short check (length(name) between 1 and 100),
  prefix text not null unique,
  key_sha256 bytea not null
    constraint key_is_kept_as_sha256 check (length(key_sha256) = 32),
  scopes text[] not null
    constraint scopes_are_known check (
      cardinality(scopes) > 0 and scopes <@ array['jobs:read', 'jobs:write', 'admin']
    ),
  instance_ids uuid[]
    constraint limited_keys_have_an_instance check (cardinality(instance_ids) > 0),
  created_at timestamptz not null,
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz
) with (fillfactor = 50);
comment on column batch.api_keys.instance_ids is
  'the only instances whose jobs it sees and starts; null: all';

-- What a caller has asked for under an Idempotency-Key, for a day.
create table batch.idempotency_keys (
  api_key_id uuid not null references batch.api_keys (id) on delete cascade,
  idempotency_key text not null,
  request_sha256 bytea not null,
  job_id uuid references batch.jobs (id) on delete cascade,
  created_at timestamptz not null,
  primary key (api_key_id, idempotency_key)
);
comment on column batch.idempotency_keys.request_sha256 is 'of the route and the body';
create index idempotency_keys_created_at_idx on batch.idempotency_keys (created_at);

alter table batch.jobs
  add column metadata jsonb not null default '{}',
  add column failure_threshold numeric
    constraint failure_threshold_is_a_share check (
      failure_threshold > 0 and failure_threshold <= 1
    ),
  add column callback_url text,
  add column retry_of uuid references batch.jobs (id) on delete set null,
  add column ended_before int not null default 0,
  add column failed_before int not null default 0,
  drop constraint pause_reason_is_known,
  add constraint pause_reason_is_known
    check (pause_reason in ('budget', 'providers', 'failures'));
comment on column batch.jobs.failure_threshold is
  'the share of failed items above which it pauses, once 100 have ended';
comment on column batch.jobs.failed_before is
  'with ended_before: what the threshold does not judge any more, since it was resumed after them';
comment on column batch.jobs.retry_of is 'its items are those that failed in this job';

create index jobs_metadata_idx on batch.jobs using gin (metadata jsonb_path_ops);
create index jobs_retry_of_idx on batch.jobs (retry_of) where retry_of is not null;
