-- Claims the making of a text of some bytes for one item. False: another item has claimed it, and
-- its text can be waited for. Waits for a claim that is just being given up. Calling twice is safe.
create or replace function batch.claim_bytes(
  p_job_id uuid, p_seq int, p_sha256 bytea, p_processing_type text, p_language text
)
returns boolean
language plpgsql
volatile
set search_path = ''
as $$
begin
  insert into batch.claims (sha256, processing_type, language, job_id, seq)
  values (p_sha256, p_processing_type, p_language, p_job_id, p_seq)
  on conflict (sha256, processing_type, language) do nothing;

  perform from batch.claims as c
  where c.sha256 = p_sha256
    and c.processing_type = p_processing_type
    and c.language = p_language
    and (c.job_id, c.seq) = (p_job_id, p_seq);

  return found;
end;
$$;
