-- Those of these keys that open nothing any more: revoked, expired or gone.
create or replace function batch.unusable_api_keys(p_ids uuid[])
returns setof uuid
language sql
stable
set search_path = ''
as $$
  select given.id
  from unnest(p_ids) as given (id)
  where not exists (
    select
    from batch.api_keys as k
    where k.id = given.id
      and k.revoked_at is null
      and (k.expires_at <= batch.clock()) is not true
  );
$$;
