-- depends: 0001.chat-tables

-- Not batch.job_status: that is a function, and of batch.job_status('some id') in psql PostgreSQL
-- would make a cast to the type.
create type batch.job_state as enum (
  'pending', 'processing', 'paused', 'completed', 'failed', 'cancelled'
);
create type batch.content_type as enum ('audio', 'image', 'video', 'document');
create type batch.result_status as enum ('processed', 'failed', 'skipped');
create type batch.slice_state as enum ('queued', 'running', 'done');

create table batch.jobs (
  id uuid primary key default gen_random_uuid(),
  job_type text not null
    constraint job_type_is_known check (job_type in ('targeted_chat_sync', 'time_based_batch')),
  instance_id uuid,
  chat_id uuid
    constraint targeted_job_has_a_chat
      check (chat_id is not null or job_type <> 'targeted_chat_sync'),
  content_types batch.content_type[] not null
    constraint some_content_type_is_wanted check (cardinality(content_types) > 0),
  days_back int
    constraint days_back_is_1_to_3650 check (days_back between 1 and 3650),
  item_limit int
    constraint item_limit_is_positive check (item_limit > 0),
  is_forced boolean not null default false,
  language text,
  request_params jsonb not null,

  lanes int not null default 8
    constraint lanes_are_1_to_64 check (lanes between 1 and 64),
  priority int not null default 0
    constraint priority_is_within_100 check (priority between -100 and 100),

  status batch.job_state not null default 'pending',
  status_changed_at timestamptz not null,
  error_message text,

  total_found int not null default 0,
  total_items int not null default 0,
  skipped_at_plan int not null default 0,
  next_seq int not null default 1,
  slice_size int not null default 32
    constraint slice_size_is_positive check (slice_size > 0),

  active_since timestamptz,
  active_before interval not null default '0',
  created_at timestamptz not null,
  started_at timestamptz,
  completed_at timestamptz,

  constraint found_are_items_or_left_alone check (total_items + skipped_at_plan <= total_found),
  constraint only_ended_jobs_are_complete
    check ((completed_at is not null) = (status in ('completed', 'failed', 'cancelled'))),
  constraint active_while_processing check ((active_since is not null) = (status = 'processing'))
);
comment on column batch.jobs.next_seq is 'where the next slice begins';
comment on column batch.jobs.active_before is 'time spent processing before the last pause';

create index jobs_created_at_idx on batch.jobs (created_at desc, id desc);
create index jobs_open_idx on batch.jobs (status)
  where status in ('pending', 'processing', 'paused');

create table batch.job_moves (
  from_status batch.job_state not null,
  to_status batch.job_state not null,
  primary key (from_status, to_status)
);
insert into batch.job_moves (from_status, to_status)
values
  ('pending', 'processing'),
  ('pending', 'cancelled'),
  ('pending', 'failed'),
  ('processing', 'paused'),
  ('processing', 'completed'),
  ('processing', 'failed'),
  ('processing', 'cancelled'),
  ('paused', 'processing'),
  ('paused', 'failed'),
  ('paused', 'cancelled');

-- No foreign keys on the tables that take a row an item: each would cost a look-up for every
-- item, and only batch.plan_job and batch.record_results write here. Insert-only.
create table batch.items (
  job_id uuid not null,
  seq int not null,
  message_id uuid not null,
  content_type batch.content_type not null,
  primary key (job_id, seq)
);

create table batch.item_results (
  job_id uuid not null,
  seq int not null,
  status batch.result_status not null,
  error_code text,
  error_message text,
  provider text,
  model text,
  language text,
  cost_usd numeric(12, 8)
    constraint cost_is_not_negative check (cost_usd >= 0),
  tokens_used int not null default 0,
  processing_ms int,
  worker_id bigint,
  started_at timestamptz not null,
  finished_at timestamptz not null,
  primary key (job_id, seq),
  constraint only_failed_results_have_an_error
    check ((error_code is not null) = (status = 'failed'))
);
comment on column batch.item_results.cost_usd is 'US dollars, exact; null: the price is not known';

create index item_results_failed_idx on batch.item_results (job_id, seq) where status = 'failed';

create table batch.slices (
  job_id uuid not null references batch.jobs (id) on delete cascade,
  first_seq int not null,
  last_seq int not null,
  state batch.slice_state not null default 'queued',
  worker_id bigint,
  attempts int not null default 0,
  created_at timestamptz not null,
  taken_at timestamptz,
  finished_at timestamptz,
  primary key (job_id, first_seq),
  constraint slice_is_not_empty check (last_seq >= first_seq),
  constraint running_slices_have_a_worker check ((worker_id is not null) = (state = 'running'))
) with (fillfactor = 70);
comment on column batch.slices.attempts is 'how often a worker has taken it';

create index slices_open_idx on batch.slices (job_id, state) where state <> 'done';

-- One worker's share of one job. Worker 0 holds what was folded once the job had ended, so the
-- sum over a job's rows is right at any moment.
create table batch.job_progress (
  job_id uuid not null references batch.jobs (id) on delete cascade,
  worker_id bigint not null,
  audio_processed int not null default 0,
  images_processed int not null default 0,
  videos_processed int not null default 0,
  documents_processed int not null default 0,
  download_failed int not null default 0,
  processing_failed int not null default 0,
  skipped int not null default 0,
  cost_usd numeric(16, 8) not null default 0,
  tokens_used bigint not null default 0,
  current_item text,
  last_seen_at timestamptz not null,
  primary key (job_id, worker_id)
) with (fillfactor = 50);

create table batch.job_pulses (
  job_id uuid primary key references batch.jobs (id) on delete cascade,
  sent_at timestamptz not null
) with (fillfactor = 50);
comment on table batch.job_pulses is 'when progress of a running job was last notified';

create table batch.job_events (
  id bigint generated always as identity primary key,
  job_id uuid not null references batch.jobs (id) on delete cascade,
  type text not null,
  actor text not null,
  details jsonb not null default '{}',
  created_at timestamptz not null
);
create index job_events_job_idx on batch.job_events (job_id, id);

create table batch.workers (
  id bigint generated always as identity primary key,
  name text not null,
  capacity jsonb not null,
  started_at timestamptz not null,
  alive_since timestamptz not null,
  last_seen_at timestamptz not null,
  stopped_at timestamptz
) with (fillfactor = 50);
comment on column batch.workers.capacity is
  'content type -> how many of its items it processes at a time; 0: it has no provider for it';
comment on column batch.workers.alive_since is 'since when its heartbeats have come without a gap';

create table batch.error_codes (
  code text primary key,
  stage text not null
    constraint stage_is_known check (stage in ('download', 'processing')),
  meaning text not null
);

create table batch.installations (
  id bigint generated always as identity primary key,
  version text not null,
  checksum text not null,
  procrastinate_version text not null,
  installed_at timestamptz not null default now()
);
