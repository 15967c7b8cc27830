-- Creates a job from psql; a running worker takes it up like any other. Returns the job's id.
--
--   select batch.create_job('targeted_chat_sync', '5511999999999@s.whatsapp.net');
--   select batch.create_job('time_based_batch', p_days_back => 30, p_limit => 100);
--
-- The chat is named by its uuid or its external id; p_limit null or 0 means no limit.
-- Raises what batch.create_job_from_json raises.
create or replace function batch.create_job(
  p_job_type text,
  p_chat_id text default null,
  p_instance_id uuid default null,
  p_days_back int default null,
  p_limit int default null,
  p_content_types text[] default null,
  p_force boolean default false,
  p_language text default null,
  p_max_cost_usd numeric default null
)
returns uuid
language sql
volatile
set search_path = ''
as $$
  select batch.create_job_from_json(jsonb_strip_nulls(jsonb_build_object(
    'jobType', p_job_type,
    'chatId', p_chat_id,
    'instanceId', p_instance_id,
    'daysBack', p_days_back,
    'limit', p_limit,
    'contentTypes', p_content_types,
    'force', p_force,
    'language', p_language,
    'maxCostUsd', p_max_cost_usd
  )));
$$;

-- The same with the chat's uuid as a uuid, as a subquery gives it.
create or replace function batch.create_job(
  p_job_type text,
  p_chat_id uuid,
  p_instance_id uuid default null,
  p_days_back int default null,
  p_limit int default null,
  p_content_types text[] default null,
  p_force boolean default false,
  p_language text default null,
  p_max_cost_usd numeric default null
)
returns uuid
language sql
volatile
set search_path = ''
as $$
  select batch.create_job(
    p_job_type, p_chat_id::text, p_instance_id, p_days_back, p_limit, p_content_types, p_force,
    p_language, p_max_cost_usd
  );
$$;
