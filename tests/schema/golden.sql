-- The schema batch as `make schema` wrote it from the catalogs: to read and compare.

create type batch.callback_state as enum ('queued', 'delivered', 'given_up');

create type batch.content_type as enum ('audio', 'image', 'video', 'document');

create type batch.job_state as enum ('pending', 'processing', 'paused', 'completed', 'failed', 'cancelled');

create type batch.result_status as enum ('processed', 'failed', 'skipped');

create type batch.slice_state as enum ('queued', 'running', 'done');

table batch._yoyo_log (
  id character varying(36) not null,
  migration_hash character varying(64),
  migration_id character varying(255),
  operation character varying(10),
  username character varying(255),
  hostname character varying(255),
  comment character varying(255),
  created_at_utc timestamp without time zone,
  constraint _yoyo_log_pkey PRIMARY KEY (id)
);

table batch._yoyo_migration (
  migration_hash character varying(64) not null,
  migration_id character varying(255),
  applied_at_utc timestamp without time zone,
  constraint _yoyo_migration_pkey PRIMARY KEY (migration_hash)
);

table batch._yoyo_version (
  version integer not null,
  installed_at_utc timestamp without time zone,
  constraint _yoyo_version_pkey PRIMARY KEY (version)
);

table batch.api_keys (
  id uuid not null default gen_random_uuid(),
  name text not null,
  prefix text not null,
  key_sha256 bytea not null,
  scopes text[] not null,
  instance_ids uuid[],
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone,
  revoked_at timestamp with time zone,
  last_used_at timestamp with time zone,
  constraint api_keys_pkey PRIMARY KEY (id),
  constraint api_keys_prefix_key UNIQUE (prefix),
  constraint key_is_kept_as_sha256 CHECK ((length(key_sha256) = 32)),
  constraint key_name_is_short CHECK (((length(name) >= 1) AND (length(name) <= 100))),
  constraint limited_keys_have_an_instance CHECK ((cardinality(instance_ids) > 0)),
  constraint scopes_are_known CHECK (((cardinality(scopes) > 0) AND (scopes <@ ARRAY['jobs:read'::text, 'jobs:write'::text, 'admin'::text])))
) with (fillfactor=50);

table batch.billed_attempts (
  job_id uuid not null,
  seq integer not null,
  report uuid not null,
  place integer not null,
  usage jsonb not null,
  cost_usd numeric(12,8),
  tokens_used integer not null,
  worker_id bigint not null,
  billed_at timestamp with time zone not null,
  constraint billed_attempts_pkey PRIMARY KEY (job_id, seq, report, place),
  constraint attempt_cost_is_not_negative CHECK ((cost_usd >= (0)::numeric)),
  constraint billed_attempts_job_id_fkey FOREIGN KEY (job_id) REFERENCES batch.jobs(id) ON DELETE CASCADE
);

table batch.callback_attempts (
  callback_id uuid not null,
  number integer not null,
  worker_id bigint not null,
  started_at timestamp with time zone not null,
  duration_ms integer,
  status_code integer,
  error text,
  response text,
  constraint callback_attempts_pkey PRIMARY KEY (callback_id, number),
  constraint callback_attempts_callback_id_fkey FOREIGN KEY (callback_id) REFERENCES batch.callbacks(id) ON DELETE CASCADE
);

table batch.callbacks (
  id uuid not null default gen_random_uuid(),
  number bigint not null generated always as identity,
  job_id uuid not null,
  type text not null,
  url text not null,
  host text not null default COALESCE(lower("substring"(url, '^[^:]+://([^/?#]*)'::text)), ''::text),
  payload text not null,
  state batch.callback_state not null default 'queued'::batch.callback_state,
  attempts integer not null default 0,
  attempts_before integer not null default 0,
  created_at timestamp with time zone not null,
  next_attempt_at timestamp with time zone,
  ended_at timestamp with time zone,
  worker_id bigint,
  leased_until timestamp with time zone,
  constraint callbacks_pkey PRIMARY KEY (id),
  constraint callback_type_is_known CHECK ((type = ANY (ARRAY['batch_job.completed'::text, 'batch_job.failed'::text, 'batch_job.cancelled'::text, 'batch_job.paused'::text]))),
  constraint callbacks_job_id_fkey FOREIGN KEY (job_id) REFERENCES batch.jobs(id) ON DELETE CASCADE,
  constraint leased_callbacks_have_a_worker CHECK (((worker_id IS NOT NULL) = (leased_until IS NOT NULL))),
  constraint only_queued_callbacks_are_due CHECK (((next_attempt_at IS NOT NULL) = (state = 'queued'::batch.callback_state))),
  constraint queued_callbacks_have_not_ended CHECK (((ended_at IS NULL) = (state = 'queued'::batch.callback_state)))
) with (fillfactor=70);

CREATE INDEX callbacks_due_idx ON batch.callbacks USING btree (next_attempt_at) WHERE (state = 'queued'::batch.callback_state);

CREATE UNIQUE INDEX callbacks_end_idx ON batch.callbacks USING btree (job_id) WHERE (type <> 'batch_job.paused'::text);

CREATE INDEX callbacks_job_idx ON batch.callbacks USING btree (job_id, number);

table batch.claims (
  sha256 bytea not null,
  processing_type text not null,
  language text not null,
  job_id uuid not null,
  seq integer not null,
  constraint claims_pkey PRIMARY KEY (sha256, processing_type, language)
) with (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=1000);

CREATE INDEX claims_item_idx ON batch.claims USING btree (job_id, seq);

table batch.error_codes (
  code text not null,
  stage text not null,
  meaning text not null,
  constraint error_codes_pkey PRIMARY KEY (code),
  constraint stage_is_known CHECK ((stage = ANY (ARRAY['download'::text, 'processing'::text])))
);

table batch.idempotency_keys (
  api_key_id uuid not null,
  idempotency_key text not null,
  request_sha256 bytea not null,
  job_id uuid,
  created_at timestamp with time zone not null,
  constraint idempotency_keys_pkey PRIMARY KEY (api_key_id, idempotency_key),
  constraint idempotency_keys_api_key_id_fkey FOREIGN KEY (api_key_id) REFERENCES batch.api_keys(id) ON DELETE CASCADE,
  constraint idempotency_keys_job_id_fkey FOREIGN KEY (job_id) REFERENCES batch.jobs(id) ON DELETE CASCADE
);

CREATE INDEX idempotency_keys_created_at_idx ON batch.idempotency_keys USING btree (created_at);

table batch.installations (
  id bigint not null generated always as identity,
  version text not null,
  checksum text not null,
  procrastinate_version text not null,
  installed_at timestamp with time zone not null default now(),
  constraint installations_pkey PRIMARY KEY (id)
);

table batch.item_losses (
  job_id uuid not null,
  seq integer not null,
  losses integer not null,
  constraint item_losses_pkey PRIMARY KEY (job_id, seq),
  constraint item_losses_job_id_fkey FOREIGN KEY (job_id) REFERENCES batch.jobs(id) ON DELETE CASCADE
);

table batch.item_results (
  job_id uuid not null,
  seq integer not null,
  status batch.result_status not null,
  error_code text,
  error_message text,
  provider text,
  model text,
  language text,
  cost_usd numeric(12,8),
  tokens_used integer not null default 0,
  processing_ms integer,
  worker_id bigint,
  started_at timestamp with time zone not null,
  finished_at timestamp with time zone not null,
  usage jsonb,
  is_reused boolean not null default false,
  media_seconds numeric(12,3),
  media_pages integer,
  media_bytes bigint,
  constraint item_results_pkey PRIMARY KEY (job_id, seq),
  constraint cost_is_not_negative CHECK ((cost_usd >= (0)::numeric)),
  constraint only_failed_results_have_an_error CHECK (((error_code IS NOT NULL) = (status = 'failed'::batch.result_status)))
) with (autovacuum_vacuum_insert_scale_factor=0, autovacuum_vacuum_insert_threshold=100000, autovacuum_analyze_scale_factor=0, autovacuum_analyze_threshold=100000);

CREATE INDEX item_results_failed_idx ON batch.item_results USING btree (job_id, seq) WHERE (status = 'failed'::batch.result_status);

table batch.items (
  job_id uuid not null,
  seq integer not null,
  message_id uuid not null,
  content_type batch.content_type not null,
  constraint items_pkey PRIMARY KEY (job_id, seq)
) with (autovacuum_vacuum_insert_scale_factor=0, autovacuum_vacuum_insert_threshold=100000, autovacuum_analyze_scale_factor=0, autovacuum_analyze_threshold=100000);

table batch.job_events (
  id bigint not null generated always as identity,
  job_id uuid not null,
  type text not null,
  actor text not null,
  details jsonb not null default '{}'::jsonb,
  created_at timestamp with time zone not null,
  position bigint,
  constraint job_events_pkey PRIMARY KEY (id),
  constraint job_events_job_id_fkey FOREIGN KEY (job_id) REFERENCES batch.jobs(id) ON DELETE CASCADE
);

CREATE INDEX job_events_job_idx ON batch.job_events USING btree (job_id, id);

CREATE UNIQUE INDEX job_events_position_idx ON batch.job_events USING btree ("position");

CREATE CONSTRAINT TRIGGER tg_job_events__take_position AFTER INSERT ON batch.job_events DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION batch.place_event();

table batch.job_moves (
  from_status batch.job_state not null,
  to_status batch.job_state not null,
  constraint job_moves_pkey PRIMARY KEY (from_status, to_status)
);

table batch.job_progress (
  job_id uuid not null,
  worker_id bigint not null,
  audio_processed integer not null default 0,
  images_processed integer not null default 0,
  videos_processed integer not null default 0,
  documents_processed integer not null default 0,
  download_failed integer not null default 0,
  processing_failed integer not null default 0,
  skipped integer not null default 0,
  cost_usd numeric(16,8) not null default 0,
  tokens_used bigint not null default 0,
  current_item text,
  last_seen_at timestamp with time zone not null,
  unpriced integer not null default 0,
  reused integer not null default 0,
  constraint job_progress_pkey PRIMARY KEY (job_id, worker_id),
  constraint job_progress_job_id_fkey FOREIGN KEY (job_id) REFERENCES batch.jobs(id) ON DELETE CASCADE
) with (fillfactor=50, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=1000);

table batch.job_pulses (
  job_id uuid not null,
  sent_at timestamp with time zone not null,
  constraint job_pulses_pkey PRIMARY KEY (job_id),
  constraint job_pulses_job_id_fkey FOREIGN KEY (job_id) REFERENCES batch.jobs(id) ON DELETE CASCADE
) with (fillfactor=50, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=1000);

table batch.jobs (
  id uuid not null default gen_random_uuid(),
  job_type text not null,
  instance_id uuid,
  chat_id uuid,
  content_types batch.content_type[] not null,
  days_back integer,
  item_limit integer,
  is_forced boolean not null default false,
  language text,
  request_params jsonb not null,
  lanes integer not null default 8,
  priority integer not null default 0,
  status batch.job_state not null default 'pending'::batch.job_state,
  status_changed_at timestamp with time zone not null,
  error_message text,
  total_found integer not null default 0,
  total_items integer not null default 0,
  skipped_at_plan integer not null default 0,
  next_seq integer not null default 1,
  slice_size integer not null default 32,
  active_since timestamp with time zone,
  active_before interval not null default '00:00:00'::interval,
  created_at timestamp with time zone not null,
  started_at timestamp with time zone,
  completed_at timestamp with time zone,
  max_cost_usd numeric(16,8),
  pause_reason text,
  pause_message text,
  estimate jsonb,
  metadata jsonb not null default '{}'::jsonb,
  failure_threshold numeric,
  callback_url text,
  retry_of uuid,
  ended_before integer not null default 0,
  failed_before integer not null default 0,
  prune_began_at timestamp with time zone,
  pruned_at timestamp with time zone,
  constraint jobs_pkey PRIMARY KEY (id),
  constraint active_while_processing CHECK (((active_since IS NOT NULL) = (status = 'processing'::batch.job_state))),
  constraint days_back_is_1_to_3650 CHECK (((days_back >= 1) AND (days_back <= 3650))),
  constraint failure_threshold_is_a_share CHECK (((failure_threshold > (0)::numeric) AND (failure_threshold <= (1)::numeric))),
  constraint found_are_items_or_left_alone CHECK (((total_items + skipped_at_plan) <= total_found)),
  constraint item_limit_is_positive CHECK ((item_limit > 0)),
  constraint job_type_is_known CHECK ((job_type = ANY (ARRAY['targeted_chat_sync'::text, 'time_based_batch'::text]))),
  constraint jobs_retry_of_fkey FOREIGN KEY (retry_of) REFERENCES batch.jobs(id) ON DELETE SET NULL,
  constraint lanes_are_1_to_64 CHECK (((lanes >= 1) AND (lanes <= 64))),
  constraint max_cost_is_not_negative CHECK ((max_cost_usd >= (0)::numeric)),
  constraint only_ended_jobs_are_complete CHECK (((completed_at IS NOT NULL) = (status = ANY (ARRAY['completed'::batch.job_state, 'failed'::batch.job_state, 'cancelled'::batch.job_state])))),
  constraint only_ended_jobs_are_pruned CHECK (((prune_began_at IS NULL) OR (completed_at IS NOT NULL))),
  constraint pause_reason_is_known CHECK ((pause_reason = ANY (ARRAY['budget'::text, 'providers'::text, 'failures'::text]))),
  constraint priority_is_within_100 CHECK (((priority >= '-100'::integer) AND (priority <= 100))),
  constraint pruning_begins_before_it_ends CHECK (((pruned_at IS NULL) OR (pruned_at >= prune_began_at))),
  constraint slice_size_is_positive CHECK ((slice_size > 0)),
  constraint some_content_type_is_wanted CHECK ((cardinality(content_types) > 0)),
  constraint targeted_job_has_a_chat CHECK (((chat_id IS NOT NULL) OR (job_type <> 'targeted_chat_sync'::text)))
);

CREATE INDEX jobs_created_at_idx ON batch.jobs USING btree (created_at DESC, id DESC);

CREATE INDEX jobs_metadata_idx ON batch.jobs USING gin (metadata jsonb_path_ops);

CREATE INDEX jobs_open_idx ON batch.jobs USING btree (status) WHERE (status = ANY (ARRAY['pending'::batch.job_state, 'processing'::batch.job_state, 'paused'::batch.job_state]));

CREATE INDEX jobs_retry_of_idx ON batch.jobs USING btree (retry_of) WHERE (retry_of IS NOT NULL);

CREATE INDEX jobs_unpruned_idx ON batch.jobs USING btree (completed_at) WHERE ((completed_at IS NOT NULL) AND (pruned_at IS NULL));

CREATE TRIGGER tg_jobs__release_claims AFTER DELETE ON batch.jobs FOR EACH ROW EXECUTE FUNCTION batch.tg_jobs__release_claims();

table batch.made_texts (
  sha256 bytea not null,
  processing_type text not null,
  language text not null,
  model text not null,
  media_content_id uuid not null,
  made_at timestamp with time zone not null,
  constraint made_texts_pkey PRIMARY KEY (sha256, processing_type, language, model)
);

table batch.model_prices (
  provider text not null,
  model text not null,
  unit text not null,
  usd numeric not null,
  per_units numeric not null,
  minimum_units numeric not null default 0,
  valid_from timestamp with time zone not null,
  source text not null default 'by hand'::text,
  constraint model_prices_pkey PRIMARY KEY (provider, model, unit, valid_from),
  constraint minimum_is_not_negative CHECK ((minimum_units >= (0)::numeric)),
  constraint price_is_not_negative CHECK ((usd >= (0)::numeric)),
  constraint price_is_per_something CHECK ((per_units > (0)::numeric)),
  constraint unit_is_known CHECK ((unit = ANY (ARRAY['audio_second'::text, 'input_token'::text, 'cached_token'::text, 'audio_token'::text, 'output_token'::text])))
);

CREATE TRIGGER tg_model_prices__are_by_hand BEFORE UPDATE OF usd, per_units, minimum_units ON batch.model_prices FOR EACH ROW WHEN ((old.source = new.source)) EXECUTE FUNCTION batch.tg_model_prices__are_by_hand();

table batch.provider_leases (
  provider text not null,
  worker_id bigint not null,
  in_flight integer not null,
  constraint provider_leases_pkey PRIMARY KEY (provider, worker_id),
  constraint in_flight_is_not_negative CHECK ((in_flight >= 0))
) with (fillfactor=50, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=1000);

table batch.provider_limits (
  provider text not null,
  requests_per_minute numeric,
  max_in_flight integer,
  constraint provider_limits_pkey PRIMARY KEY (provider),
  constraint max_in_flight_is_positive CHECK ((max_in_flight > 0)),
  constraint requests_per_minute_is_positive CHECK ((requests_per_minute > (0)::numeric))
);

table batch.provider_states (
  provider text not null,
  allowance numeric not null,
  refilled_at timestamp with time zone not null,
  held_until timestamp with time zone not null default '-infinity'::timestamp with time zone,
  constraint provider_states_pkey PRIMARY KEY (provider)
) with (fillfactor=50, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=1000);

table batch.reservations (
  job_id uuid not null,
  seq integer not null,
  usd numeric(16,8) not null,
  constraint reservations_pkey PRIMARY KEY (job_id, seq),
  constraint reservations_job_id_fkey FOREIGN KEY (job_id) REFERENCES batch.jobs(id) ON DELETE CASCADE
) with (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=1000);

table batch.retired_meters (
  name text not null,
  labels jsonb not null,
  value numeric not null,
  constraint retired_meters_pkey PRIMARY KEY (name, labels)
);

table batch.slices (
  job_id uuid not null,
  first_seq integer not null,
  last_seq integer not null,
  state batch.slice_state not null default 'queued'::batch.slice_state,
  worker_id bigint,
  attempts integer not null default 0,
  created_at timestamp with time zone not null,
  taken_at timestamp with time zone,
  finished_at timestamp with time zone,
  unasked batch.content_type[] not null default '{}'::batch.content_type[],
  constraint slices_pkey PRIMARY KEY (job_id, first_seq),
  constraint running_slices_have_a_worker CHECK (((worker_id IS NOT NULL) = (state = 'running'::batch.slice_state))),
  constraint slice_is_not_empty CHECK ((last_seq >= first_seq)),
  constraint slices_job_id_fkey FOREIGN KEY (job_id) REFERENCES batch.jobs(id) ON DELETE CASCADE
) with (fillfactor=70, autovacuum_vacuum_scale_factor=0.01, autovacuum_vacuum_threshold=1000);

CREATE INDEX slices_open_idx ON batch.slices USING btree (job_id, state) WHERE (state <> 'done'::batch.slice_state);

CREATE INDEX slices_running_idx ON batch.slices USING btree (worker_id) WHERE (state = 'running'::batch.slice_state);

table batch.webhook_secrets (
  id integer not null default 1,
  secret text not null,
  constraint webhook_secrets_pkey PRIMARY KEY (id),
  constraint there_is_one_webhook_secret CHECK ((id = 1))
);

table batch.workers (
  id bigint not null generated always as identity,
  name text not null,
  capacity jsonb not null,
  started_at timestamp with time zone not null,
  alive_since timestamp with time zone not null,
  last_seen_at timestamp with time zone not null,
  stopped_at timestamp with time zone,
  offers jsonb not null default '{}'::jsonb,
  meters jsonb not null default '[]'::jsonb,
  constraint workers_pkey PRIMARY KEY (id)
) with (fillfactor=50, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=1000);

view batch.batch_jobs (
  id uuid,
  job_type text,
  instance_id uuid,
  request_params jsonb,
  status text,
  total_found integer,
  total_items integer,
  processed_items integer,
  failed_items integer,
  skipped_items integer,
  current_item text,
  progress_percent numeric(5,2),
  total_cost_usd numeric(16,8),
  total_tokens bigint,
  results_summary jsonb,
  error_message text,
  estimated_completion timestamp with time zone,
  created_at timestamp with time zone,
  started_at timestamp with time zone,
  completed_at timestamp with time zone,
  chat_id uuid,
  content_types batch.content_type[],
  lanes integer,
  priority integer,
  pause_reason text,
  max_cost_usd numeric(16,8),
  reused_items integer,
  unpriced_items integer,
  estimate jsonb,
  failure_threshold numeric,
  callback_url text,
  metadata jsonb,
  retry_of uuid
);

view batch.spending (
  job_id uuid,
  instance_id uuid,
  chat_id uuid,
  content_type text,
  provider text,
  model text,
  items bigint,
  reused_items bigint,
  unpriced_items bigint,
  cost_usd numeric(16,8),
  tokens_used bigint,
  first_at timestamp with time zone,
  last_at timestamp with time zone
);

function batch.actor() returns text language sql stable;

function batch.add_attempts(p_worker_id bigint, p_job_id uuid, p_seq integer, p_report uuid, p_usage jsonb) returns void language sql volatile set search_path="";

function batch.add_callback(p_job_id uuid) returns void language sql volatile set search_path="";

function batch.admit_items(p_worker_id bigint, p_items jsonb) returns TABLE(job_id uuid, seq integer, verdict text, content text, model text, provider text, language text, duration integer) language plpgsql volatile set enable_seqscan=off set jit=off set plan_cache_mode=force_generic_plan set search_path="";

function batch.assumed_item(p_content_type batch.content_type, p_provider text, p_model text, p_seconds numeric, p_bytes numeric) returns TABLE(likely text, ms numeric, cost_usd numeric) language sql stable set search_path="";

function batch.audit() returns TABLE(job_id uuid, counter text, counted numeric, found numeric) language sql stable set search_path="";

function batch.callback_delay(p_failures integer) returns interval language sql volatile set search_path="";

function batch.callback_json(p_callback batch.callbacks) returns json language sql stable set search_path="";

function batch.cancel_job(p_job_id uuid) returns batch.jobs language plpgsql volatile set search_path="";

function batch.change_job(p_job_id uuid, p_changes jsonb) returns batch.jobs language plpgsql volatile set search_path="";

function batch.clock() returns timestamp with time zone language sql stable;

function batch.close_slices(p_job_id uuid) returns void language sql volatile set search_path="";

function batch.content_type_of(p_mime_type text, p_message_type text DEFAULT NULL::text) returns batch.content_type language sql immutable;

function batch.cost_of_usage(p_usage jsonb, p_at timestamp with time zone) returns numeric language plpgsql stable set search_path="";

function batch.cost_of_usages(p_usages jsonb, p_at timestamp with time zone) returns numeric language plpgsql stable set search_path="";

function batch.count_media(p_content_types batch.content_type[], p_message_ids uuid[]) returns jsonb language sql stable set search_path="";

function batch.create_api_key(p_name text, p_scopes text[] DEFAULT '{jobs:read,jobs:write}'::text[], p_instance_ids uuid[] DEFAULT NULL::uuid[], p_expires_at timestamp with time zone DEFAULT NULL::timestamp with time zone, OUT id uuid, OUT key text) returns record language plpgsql volatile set search_path="";

function batch.create_job(p_job_type text, p_chat_id text DEFAULT NULL::text, p_instance_id uuid DEFAULT NULL::uuid, p_days_back integer DEFAULT NULL::integer, p_limit integer DEFAULT NULL::integer, p_content_types text[] DEFAULT NULL::text[], p_force boolean DEFAULT false, p_language text DEFAULT NULL::text, p_max_cost_usd numeric DEFAULT NULL::numeric) returns uuid language sql volatile set search_path="";

function batch.create_job(p_job_type text, p_chat_id uuid, p_instance_id uuid DEFAULT NULL::uuid, p_days_back integer DEFAULT NULL::integer, p_limit integer DEFAULT NULL::integer, p_content_types text[] DEFAULT NULL::text[], p_force boolean DEFAULT false, p_language text DEFAULT NULL::text, p_max_cost_usd numeric DEFAULT NULL::numeric) returns uuid language sql volatile set search_path="";

function batch.create_job_from_json(p_request jsonb, p_instance_ids uuid[] DEFAULT NULL::uuid[], p_retry_of uuid DEFAULT NULL::uuid) returns uuid language plpgsql volatile set search_path="";

function batch.create_job_once(p_request jsonb, p_instance_ids uuid[], p_api_key_id uuid, p_idempotency_key text, p_retry_of uuid DEFAULT NULL::uuid, OUT job_id uuid, OUT is_replayed boolean) returns record language plpgsql volatile set search_path="";

function batch.decode_cursor(p_cursor text) returns jsonb language sql immutable set search_path="";

function batch.defer_slice(p_job batch.jobs, p_slice batch.slices) returns void language sql volatile set search_path="";

function batch.defer_task(p_task text, p_priority integer, p_args jsonb) returns void language sql volatile set search_path="";

function batch.encode_cursor(p_position jsonb) returns text language sql immutable;

function batch.end_callback(p_callback batch.callbacks, p_state batch.callback_state) returns text language sql volatile set search_path="";

function batch.ended_at_once(p_items bigint, p_processing_ms bigint, p_elapsed interval) returns integer language sql immutable set search_path="";

function batch.estimate_items(p_counts jsonb) returns jsonb language sql stable set search_path="";

function batch.estimate_job(p_request jsonb, p_instance_ids uuid[] DEFAULT NULL::uuid[], p_sampled jsonb DEFAULT '{}'::jsonb) returns json language plpgsql volatile set plan_cache_mode=force_custom_plan set search_path="";

function batch.estimate_json(p_job batch.jobs, p_types jsonb) returns json language sql stable set search_path="";

function batch.event_json(p_event batch.job_events) returns json language sql stable set search_path="";

function batch.expectation(p_counts jsonb) returns TABLE(content_type batch.content_type, items bigint, seconds_known numeric, provider text, model text, cost_low numeric, cost numeric, cost_high numeric, duration_low numeric, duration numeric, duration_high numeric) language sql stable set search_path="";

function batch.fail_job(p_job_id uuid, p_reason text) returns batch.jobs language plpgsql volatile set search_path="";

function batch.field_problems(p_request jsonb, p_known text[]) returns TABLE(field text, problem text) language sql immutable set search_path="";

function batch.find_api_key(p_prefix text) returns TABLE(id uuid, name text, key_sha256 bytea, scopes text[], instance_ids uuid[]) language plpgsql volatile set search_path="";

function batch.find_chat(p_chat_id text, p_instance_id uuid, p_instance_ids uuid[] DEFAULT NULL::uuid[]) returns public.chats language plpgsql stable set search_path="";

function batch.find_job(p_text text) returns uuid language plpgsql stable set search_path="";

function batch.finish_slice(p_job_id uuid, p_first_seq integer, p_worker_id bigint) returns void language plpgsql volatile set lock_timeout=2s set search_path="";

function batch.first_slice_size(p_places numeric, p_lanes integer) returns integer language sql immutable set search_path="";

function batch.fold_progress(p_job_id uuid) returns void language sql volatile set search_path="";

function batch.freeze_items(p_job batch.jobs) returns batch.jobs language plpgsql volatile set search_path="";

function batch.give_up_item(p_worker_id bigint, p_job_id uuid, p_first_seq integer, p_seq integer, p_report uuid, p_usage jsonb, p_reason text) returns void language plpgsql volatile set search_path="";

function batch.heartbeat(p_worker_id bigint, p_timeout interval, p_meters jsonb DEFAULT NULL::jsonb) returns TABLE(job_id uuid, has_ended boolean) language sql volatile set search_path="";

function batch.held_slices(p_worker_id bigint) returns TABLE(job_id uuid, first_seq integer, last_seq integer, is_forced boolean, is_wanted boolean) language sql stable;

function batch.hold_if_failing(p_job_id uuid) returns void language plpgsql volatile set search_path="";

function batch.hold_job(p_job_id uuid, p_reason text, p_message text) returns void language plpgsql volatile set search_path="";

function batch.hold_provider(p_provider text, p_seconds double precision) returns void language sql volatile set search_path="";

function batch.installed_checksum() returns text language sql stable set search_path="";

function batch.installed_version() returns text language sql stable set search_path="";

function batch.is_believable(p_usage jsonb) returns boolean language sql immutable;

function batch.is_final(p_job_id uuid) returns boolean language sql stable set search_path="";

function batch.iso_time(p_time timestamp with time zone) returns text language sql stable;

function batch.item_json(p_item batch.items, p_with_text boolean DEFAULT false) returns json language sql stable set search_path="";

function batch.items_behind_locks(p_worker_id bigint, p_items jsonb) returns TABLE(job_id uuid, seq integer) language sql volatile set search_path="";

function batch.job_details(p_job_id uuid, p_query jsonb DEFAULT '{}'::jsonb) returns json language plpgsql stable set search_path="";

function batch.job_json(p_job batch.batch_jobs) returns json language sql stable set search_path="";

function batch.job_json(p_job_id uuid) returns json language plpgsql stable set search_path="";

function batch.job_metrics() returns TABLE(name text, labels jsonb, value numeric) language sql stable set search_path="";

function batch.job_status(p_job_id uuid) returns json language plpgsql stable set search_path="";

function batch.keep_estimate(p_job_id uuid) returns void language plpgsql volatile set search_path="";

function batch.last_failures(p_job_id uuid, p_limit integer) returns json language sql stable set search_path="";

function batch.list_api_keys() returns json language sql stable set search_path="";

function batch.list_callbacks(p_job_id uuid, p_query jsonb DEFAULT '{}'::jsonb) returns json language plpgsql stable set search_path="";

function batch.list_events(p_job_id uuid, p_query jsonb DEFAULT '{}'::jsonb) returns json language plpgsql stable set search_path="";

function batch.list_items(p_job_id uuid, p_query jsonb DEFAULT '{}'::jsonb) returns json language plpgsql stable set plan_cache_mode=force_custom_plan set search_path="";

function batch.list_jobs(p_query jsonb DEFAULT '{}'::jsonb, p_instance_ids uuid[] DEFAULT NULL::uuid[]) returns json language plpgsql stable set plan_cache_mode=force_custom_plan set search_path="";

function batch.list_problems(p_query jsonb, p_known text[]) returns TABLE(field text, problem text) language sql immutable set search_path="";

function batch.live_states(p_job_ids uuid[], p_has_all boolean, p_instance_ids uuid[], p_after bigint) returns TABLE(snapshot text, last_position bigint, job_id uuid, instance_id uuid, is_final boolean, state text) language sql stable set search_path="";

function batch.live_workers() returns SETOF batch.workers language sql stable;

function batch.lose_slice(p_job_id uuid, p_first_seq integer, p_worker_id bigint) returns void language plpgsql volatile set search_path="";

function batch.media_bytes(p_metadata jsonb) returns numeric language sql immutable;

function batch.media_content_takes_job_id() returns boolean language sql stable set search_path="";

function batch.media_pages(p_metadata jsonb) returns numeric language sql immutable;

function batch.media_seconds(p_metadata jsonb) returns numeric language sql immutable;

function batch.medium_of(p_message public.messages) returns text language sql immutable;

function batch.metrics(p_timeout interval DEFAULT '00:00:30'::interval) returns TABLE(name text, labels jsonb, value numeric) language sql stable set search_path="";

function batch.missed_events(p_after bigint, p_until bigint, p_job_id uuid, p_instance_ids uuid[], p_limit integer) returns TABLE(id bigint, job_id uuid, instance_id uuid, event text) language sql stable set search_path="";

function batch.move_job(p_job_id uuid, p_to batch.job_state, p_details jsonb DEFAULT '{}'::jsonb) returns batch.jobs language plpgsql volatile set search_path="";

function batch.next_slice_size(p_size integer, p_items integer, p_elapsed interval) returns integer language sql immutable set search_path="";

function batch.notify_job(p_job_id uuid) returns void language sql volatile set search_path="";

function batch.number_of(p_value jsonb, p_most numeric) returns numeric language sql immutable;

function batch.offers() returns TABLE(content_type batch.content_type, provider text, model text, places numeric, least_seconds numeric) language sql stable set search_path="";

function batch.open_slices(p_job_id uuid, p_least integer DEFAULT 0) returns void language plpgsql volatile set search_path="";

function batch.ordered_uuids() returns text language sql volatile set search_path="";

function batch.page_json(p_items json[], p_positions bigint[], p_page_size integer, p_key text) returns json language sql immutable set search_path="";

function batch.pause_job(p_job_id uuid) returns batch.jobs language sql volatile set search_path="";

function batch.place_event() returns trigger language plpgsql volatile set search_path="";

function batch.plan_job(p_job_id uuid) returns void language plpgsql volatile set search_path="" set work_mem=128MB;

function batch.price_at(p_provider text, p_model text, p_unit text, p_at timestamp with time zone) returns batch.model_prices language sql stable set search_path="";

function batch.processing_type_of(p_content_type batch.content_type) returns text language sql immutable;

function batch.provider_places(p_content_types batch.content_type[]) returns numeric language sql stable set search_path="";

function batch.prunable_jobs(p_keep interval) returns TABLE(job_id uuid, completed_at timestamp with time zone, items integer) language sql stable set search_path="";

function batch.prune(p_keep interval, p_rows integer DEFAULT 10000) returns integer language plpgsql volatile set search_path="";

function batch.prune_job(p_job_id uuid, p_rows integer) returns integer language plpgsql volatile set search_path="";

function batch.pulse_jobs(p_job_ids uuid[]) returns SETOF uuid language sql volatile set search_path="";

function batch.queue_metrics() returns TABLE(name text, labels jsonb, value numeric) language sql stable set search_path="";

function batch.read_page(p_query jsonb, p_key text, OUT after bigint, OUT page_size integer) returns record language plpgsql stable set search_path="";

function batch.read_questions(p_items jsonb) returns TABLE(job_id uuid, seq integer, sha256 bytea, processing_type text, language text, models text[], is_forced boolean, is_paid boolean, may_use jsonb) language sql immutable set search_path="";

function batch.read_request(p_request jsonb, p_instance_ids uuid[] DEFAULT NULL::uuid[]) returns batch.jobs language plpgsql stable set search_path="";

function batch.read_time(p_text text) returns timestamp with time zone language plpgsql immutable set DateStyle=ISO, YMD set TimeZone=UTC set search_path="";

function batch.recent_results(p_content_type batch.content_type) returns TABLE(provider text, model text, ms numeric, cost_usd numeric, seconds numeric, pages numeric, bytes numeric) language sql stable set search_path="";

function batch.record_callback_attempt(p_callback_id uuid, p_attempt integer, p_duration_ms integer, p_status_code integer, p_error text DEFAULT NULL::text, p_response text DEFAULT NULL::text, p_retry_after_seconds double precision DEFAULT NULL::double precision) returns text language plpgsql volatile set search_path="";

function batch.record_results(p_worker_id bigint, p_results json, p_current jsonb DEFAULT '{}'::jsonb) returns TABLE(job_id uuid, first_seq integer, has_ended boolean) language plpgsql volatile set lock_timeout=2s set search_path="";

function batch.redeliver_callbacks(p_job_id uuid, p_request jsonb DEFAULT '{}'::jsonb) returns json language plpgsql volatile set search_path="";

function batch.refuse(p_problems jsonb, p_what text DEFAULT 'the request'::text) returns void language plpgsql stable set search_path="";

function batch.refuse_field(p_field text, p_problem text) returns void language sql stable set search_path="";

function batch.register_worker(p_name text, p_capacity jsonb, p_offers jsonb DEFAULT '{}'::jsonb) returns bigint language plpgsql volatile set search_path="";

function batch.release_items(p_job_id uuid, p_first_seq integer, p_last_seq integer) returns void language sql volatile set search_path="";

function batch.release_strays() returns void language sql volatile set search_path="";

function batch.report_items(p_job_id uuid, p_after integer, p_limit integer, p_with_text boolean DEFAULT false) returns TABLE(seq integer, item json) language sql stable set plan_cache_mode=force_custom_plan set search_path="";

function batch.request_problems(p_request jsonb) returns TABLE(field text, problem text) language sql immutable set search_path="";

function batch.requeue_lost_tasks(p_timeout interval) returns integer language sql volatile set search_path="";

function batch.require_job(p_job_id uuid) returns void language plpgsql stable set search_path="";

function batch.reserve_budget(p_job_id uuid, p_seq integer, p_may_use jsonb) returns text language plpgsql volatile set search_path="";

function batch.result_page(p_job_id uuid, p_status batch.result_status, p_cursor text, p_limit integer) returns json language plpgsql stable set plan_cache_mode=force_custom_plan set search_path="";

function batch.resume_job(p_job_id uuid) returns batch.jobs language plpgsql volatile set search_path="";

function batch.retire_meters() returns void language sql volatile set search_path="";

function batch.retry_job(p_job_id uuid, p_overrides jsonb DEFAULT '{}'::jsonb, p_instance_ids uuid[] DEFAULT NULL::uuid[]) returns uuid language plpgsql volatile set search_path="";

function batch.revoke_api_key(p_key text) returns uuid language plpgsql volatile set search_path="";

function batch.sample_media(p_request jsonb, p_instance_ids uuid[] DEFAULT NULL::uuid[]) returns TABLE(content_type text, local_path text) language plpgsql stable set plan_cache_mode=force_custom_plan set search_path="";

function batch.select_failed(p_job_id uuid, p_content_types batch.content_type[]) returns TABLE(message_id uuid, content_type batch.content_type, platform_timestamp timestamp without time zone, has_content boolean) language sql stable;

function batch.select_media(p_instance_id uuid, p_chat_id uuid, p_since timestamp without time zone, p_content_types batch.content_type[]) returns TABLE(message_id uuid, content_type batch.content_type, platform_timestamp timestamp without time zone, has_content boolean) language sql stable;

function batch.selection_of(p_job batch.jobs) returns TABLE(message_id uuid, content_type batch.content_type, is_done boolean) language plpgsql volatile set enable_parallel_hash=off set jit=off set plan_cache_mode=force_custom_plan set search_path="";

function batch.set_budget(p_job_id uuid, p_max_cost_usd numeric) returns batch.jobs language plpgsql volatile set search_path="";

function batch.settle_items(p_job batch.jobs, p_worker_id bigint, p_seqs integer[]) returns void language plpgsql volatile set plan_cache_mode=force_custom_plan set search_path="";

function batch.settle_job(p_job_id uuid) returns void language plpgsql volatile set search_path="";

function batch.status_json(p_job batch.batch_jobs) returns json language sql stable set search_path="";

function batch.stop_worker(p_worker_id bigint) returns void language sql volatile set search_path="";

function batch.storable_cost(p_usd numeric) returns numeric language sql immutable;

function batch.sweep(p_worker_id bigint, p_timeout interval) returns integer language plpgsql volatile set search_path="";

function batch.sync_prices(p_prices jsonb, p_source text) returns integer language sql volatile set TimeZone=UTC set search_path="";

function batch.take_callbacks(p_worker_id bigint, p_most integer, p_lease interval) returns TABLE(callback_id uuid, attempt integer, url text, payload text, sent_at timestamp with time zone) language sql volatile set search_path="";

function batch.take_provider_shares(p_worker_id bigint, p_provider text, p_wanted integer, p_in_flight integer) returns TABLE(granted integer, retry_after_seconds double precision, is_limited boolean) language plpgsql volatile set search_path="";

function batch.take_slice(p_job_id uuid, p_first_seq integer, p_worker_id bigint, p_unasked batch.content_type[] DEFAULT '{}'::batch.content_type[]) returns TABLE(seq integer, message_id uuid, content_type batch.content_type, mime_type text, local_path text, media_url text, external_id text, caption text, language text, is_forced boolean, is_suspect boolean, is_alone boolean, wanted_for_seconds double precision) language plpgsql volatile set enable_seqscan=off set jit=off set lock_timeout=500ms set plan_cache_mode=force_generic_plan set search_path="";

function batch.tell_workers_to_stop(p_job_id uuid, p_has_ended boolean) returns void language sql volatile set search_path="";

function batch.text_of(p_content_type batch.content_type, p_transcription text, p_image_description text, p_video_description text, p_document_extraction text) returns text language sql immutable;

function batch.tg_jobs__release_claims() returns trigger language plpgsql volatile set search_path="";

function batch.tg_model_prices__are_by_hand() returns trigger language plpgsql volatile set search_path="";

function batch.tokens_of_usages(p_usages jsonb) returns integer language plpgsql immutable set search_path="";

function batch.unusable_api_keys(p_ids uuid[]) returns SETOF uuid language sql stable set search_path="";

function batch.up_since() returns timestamp with time zone language sql stable set search_path="";

function batch.usual_item(p_content_type batch.content_type, p_provider text, p_model text, p_seconds numeric, p_pages numeric DEFAULT NULL::numeric, p_bytes numeric DEFAULT NULL::numeric, OUT ms_low numeric, OUT ms numeric, OUT ms_high numeric, OUT cost_low numeric, OUT cost numeric, OUT cost_high numeric) returns record language sql stable set search_path="";

function batch.visible_job(p_job_id uuid, p_instance_ids uuid[]) returns uuid language plpgsql stable set search_path="";

function batch.watch_job(p_job_id uuid, p_since json DEFAULT NULL::json) returns json language plpgsql stable set search_path="";

function batch.webhook_secret() returns text language sql stable set search_path="";

function batch.worker_metrics(p_timeout interval) returns TABLE(name text, labels jsonb, value numeric) language sql stable set search_path="";

function batch.working_json(p_job_id uuid) returns json language sql stable set search_path="";

function batch.write_results(p_worker_id bigint, p_results json, p_current jsonb, p_is_repeated boolean) returns TABLE(job_id uuid, first_seq integer, has_ended boolean) language plpgsql volatile set enable_seqscan=off set jit=off set plan_cache_mode=force_generic_plan set search_path="";
