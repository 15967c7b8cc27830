-- The keys, newest first, without what would open anything.
create or replace function batch.list_api_keys()
returns json
language sql
stable
set search_path = ''
as $$
  select coalesce(
    json_agg(
      json_build_object(
        'id', k.id,
        'name', k.name,
        'prefix', 'bs_' || k.prefix,
        'scopes', k.scopes,
        'instances', k.instance_ids,
        'createdAt', batch.iso_time(k.created_at),
        'expiresAt', batch.iso_time(k.expires_at),
        'revokedAt', batch.iso_time(k.revoked_at),
        'lastUsedAt', batch.iso_time(k.last_used_at),
        'isUsable', k.revoked_at is null and (k.expires_at <= batch.clock()) is not true
      )
      order by k.created_at desc, k.id
    ),
    '[]'
  )
  from batch.api_keys as k;
$$;
