-- Makes an API key and returns it, once: only its SHA-256 is kept. It is made here and not by the
-- caller, so that it stands in no statement that a server might log.
--
--   select * from batch.create_api_key('reports', '{jobs:read}');
--
-- A key with instances sees and starts the jobs of these alone. Raises BJ422 for what cannot be
-- used, with every problem as a JSON list in the detail.
create or replace function batch.create_api_key(
  p_name text,
  p_scopes text[] default '{jobs:read,jobs:write}',
  p_instance_ids uuid[] default null,
  p_expires_at timestamptz default null,
  out id uuid,
  out key text
)
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_problems jsonb;
  v_prefix text := substr(translate(gen_random_uuid()::text, '-', ''), 1, 12);
begin
  select jsonb_agg(jsonb_build_object('field', p.field, 'problem', p.problem)) into v_problems
  from (
    select 'name', 'must be a text of 1 to 100 characters'
    where (length(trim(p_name)) between 1 and 100) is not true

    union all
    select 'scopes', 'must be some of jobs:read, jobs:write and admin'
    where (
      cardinality(p_scopes) > 0 and p_scopes <@ array['jobs:read', 'jobs:write', 'admin']
    ) is not true

    union all
    select 'instances', 'no instance ' || coalesce(given.instance_id::text, 'null')
    from unnest(p_instance_ids) as given (instance_id)
    where not exists (select from public.instances as i where i.id = given.instance_id)

    union all
    select 'instances', 'must name at least one instance' where p_instance_ids = '{}'

    union all
    select 'expires', 'must be later than now' where p_expires_at <= batch.clock()
  ) as p (field, problem);

  perform batch.refuse(v_problems, 'the key');

  -- Two random uuids: 244 bits that nobody can guess.
  key := 'bs_' || v_prefix || '_'
    || translate(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');

  insert into batch.api_keys as k (
    name, prefix, key_sha256, scopes, instance_ids, created_at, expires_at
  )
  values (
    trim(p_name), v_prefix, sha256(convert_to(key, 'UTF8')), p_scopes, p_instance_ids,
    batch.clock(), p_expires_at
  )
  returning k.id into create_api_key.id;
end;
$$;
