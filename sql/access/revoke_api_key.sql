-- Revokes a key, named by its id, its prefix or, if no other has it, its name: it opens nothing any
-- more. The processes of the API are told, since they remember keys for a moment. Revoking a
-- revoked key changes nothing. Returns the key's id.
--
-- Raises BJ404 if there is no such key, BJ422 if several have the name.
create or replace function batch.revoke_api_key(p_key text)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_ids uuid[];
begin
  select array_agg(k.id) into v_ids
  from batch.api_keys as k
  where k.id::text = lower(p_key) or 'bs_' || k.prefix = substr(p_key, 1, 15);

  if v_ids is null then
    select array_agg(k.id) into v_ids
    from batch.api_keys as k
    where k.name = p_key and k.revoked_at is null;
  end if;

  if v_ids is null then
    raise exception using errcode = 'BJ404', message = format('no API key %s', p_key),
      hint = '`backscroll keys list` shows them.';
  elsif cardinality(v_ids) > 1 then
    raise exception using
      errcode = 'BJ422', message = format('several API keys have the name %s', p_key),
      hint = 'Give the id that `backscroll keys list` shows.';
  end if;

  update batch.api_keys as k
  set revoked_at = batch.clock()
  where k.id = v_ids[1] and k.revoked_at is null;

  perform pg_notify('batch_keys', v_ids[1]::text);
  return v_ids[1];
end;
$$;
