-- Gives up what items of a slice have claimed and reserved: their slice was given back. Items that
-- have a result gave theirs up when it was recorded. Calling twice is safe.
create or replace function batch.release_items(p_job_id uuid, p_first_seq int, p_last_seq int)
returns void
language sql
volatile
set search_path = ''
as $$
  delete from batch.claims as c
  where c.job_id = p_job_id and c.seq between p_first_seq and p_last_seq;

  delete from batch.reservations as r
  where r.job_id = p_job_id and r.seq between p_first_seq and p_last_seq;
$$;
