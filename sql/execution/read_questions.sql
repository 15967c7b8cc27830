-- The questions of batch.admit_items as rows.
create or replace function batch.read_questions(p_items jsonb)
returns table (
  job_id uuid, seq int, sha256 bytea, processing_type text, language text, models text[],
  is_forced boolean, is_paid boolean, may_use jsonb
)
language sql
immutable
set search_path = ''
as $$
  select
    i."jobId", i.seq, decode(i.sha256, 'hex'), batch.processing_type_of(i."contentType"),
    coalesce(i.language, ''), i.models, i."isForced", i."isPaid", i."mayUse"
  from jsonb_to_recordset(p_items) as i (
    "jobId" uuid, seq int, sha256 text, "contentType" batch.content_type, language text,
    models text[], "isForced" boolean, "isPaid" boolean, "mayUse" jsonb
  );
$$;
