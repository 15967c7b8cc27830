-- Pauses a processing job for a reason (`budget`: it is spent; `providers`: none can be had;
-- `failures`: too many items fail) and says to people what to do. A job that is not processing is
-- left as it is, so calling twice is safe.
create or replace function batch.hold_job(p_job_id uuid, p_reason text, p_message text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  update batch.jobs as j
  set pause_reason = p_reason, pause_message = p_message
  where j.id = p_job_id and j.status = 'processing';

  if found then
    perform batch.move_job(p_job_id, 'paused', jsonb_build_object(
      'reason', p_reason, 'message', p_message
    ));
  end if;
end;
$$;
