-- The key with this prefix, if it may be used now: neither revoked nor expired. The caller compares
-- the digest, in constant time. Notes the use, at most once a minute, unless the database is
-- read-only: then the key still opens what only reads.
create or replace function batch.find_api_key(p_prefix text)
returns table (id uuid, name text, key_sha256 bytea, scopes text[], instance_ids uuid[])
language plpgsql
volatile
set search_path = ''
as $$
#variable_conflict use_column
begin
  if current_setting('transaction_read_only') = 'off' then
    update batch.api_keys as k
    set last_used_at = batch.clock()
    where k.prefix = p_prefix
      and (k.last_used_at > batch.clock() - interval '1 minute') is not true;
  end if;

  return query
  select k.id, k.name, k.key_sha256, k.scopes, k.instance_ids
  from batch.api_keys as k
  where k.prefix = p_prefix
    and k.revoked_at is null
    and (k.expires_at <= batch.clock()) is not true;
end;
$$;
