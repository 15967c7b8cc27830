-- Creates a job, or gives the one that the same caller has created before with the same
-- p_idempotency_key and the same request: safe to call again, also twice at once. Keys are kept for
-- a day. With p_retry_of the request's fields override those of the job whose failed items are
-- retried.
--
-- A second call waits for the first one's transaction. Raises BJ422 if the key came with another
-- request, and what batch.create_job_from_json and batch.retry_job raise.
create or replace function batch.create_job_once(
  p_request jsonb,
  p_instance_ids uuid[],
  p_api_key_id uuid,
  p_idempotency_key text,
  p_retry_of uuid default null,
  out job_id uuid,
  out is_replayed boolean
)
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_request_sha256 bytea := sha256(convert_to(
    jsonb_build_object('retryOf', p_retry_of, 'request', p_request)::text, 'UTF8'
  ));
  v_known batch.idempotency_keys;
begin
  is_replayed := false;

  if p_idempotency_key is not null then
    if p_idempotency_key !~ '^[!-~]{1,255}$' then
      perform batch.refuse_field(
        'Idempotency-Key', 'must have 1 to 255 visible characters of ASCII, without spaces'
      );
    end if;

    insert into batch.idempotency_keys as k (
      api_key_id, idempotency_key, request_sha256, created_at
    )
    values (p_api_key_id, p_idempotency_key, v_request_sha256, batch.clock())
    on conflict (api_key_id, idempotency_key) do update
    set request_sha256 = excluded.request_sha256, created_at = excluded.created_at, job_id = null
    where k.created_at <= batch.clock() - interval '24 hours' or k.job_id is null
    returning k.* into v_known;

    if not found then
      select k.* into v_known
      from batch.idempotency_keys as k
      where k.api_key_id = p_api_key_id and k.idempotency_key = p_idempotency_key;

      if v_known.request_sha256 <> v_request_sha256 then
        perform batch.refuse_field(
          'Idempotency-Key',
          'was used within the last 24 hours for another request: use a new key for a new request'
        );
      end if;

      job_id := v_known.job_id;
      is_replayed := true;
      return;
    end if;
  end if;

  job_id := case
    when p_retry_of is null then batch.create_job_from_json(p_request, p_instance_ids)
    else batch.retry_job(p_retry_of, p_request, p_instance_ids)
  end;

  update batch.idempotency_keys as k
  set job_id = create_job_once.job_id
  where k.api_key_id = p_api_key_id and k.idempotency_key = p_idempotency_key;
end;
$$;
