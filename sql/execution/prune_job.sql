-- Deletes up to p_rows of each kind of row that an ended job has, but not the job and its totals.
-- Returns how many it deleted. Calling twice is safe.
create or replace function batch.prune_job(p_job_id uuid, p_rows int)
returns int
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_deleted int := 0;
  v_rows int;
begin
  delete from batch.item_results as r
  where r.job_id = p_job_id
    and r.seq in (
      select old.seq from batch.item_results as old
      where old.job_id = p_job_id
      order by old.seq
      limit p_rows
    );
  get diagnostics v_rows = row_count;
  v_deleted := v_deleted + v_rows;

  delete from batch.items as i
  where i.job_id = p_job_id
    and i.seq in (
      select old.seq from batch.items as old
      where old.job_id = p_job_id
      order by old.seq
      limit p_rows
    );
  get diagnostics v_rows = row_count;
  v_deleted := v_deleted + v_rows;

  delete from batch.slices as s
  where s.job_id = p_job_id
    and s.first_seq in (
      select old.first_seq from batch.slices as old
      where old.job_id = p_job_id
      order by old.first_seq
      limit p_rows
    );
  get diagnostics v_rows = row_count;
  v_deleted := v_deleted + v_rows;

  delete from batch.job_events as e
  where e.id in (
    select old.id from batch.job_events as old
    where old.job_id = p_job_id
    order by old.id
    limit p_rows
  );
  get diagnostics v_rows = row_count;
  v_deleted := v_deleted + v_rows;

  delete from batch.callbacks as c
  where c.id in (
    select old.id from batch.callbacks as old
    where old.job_id = p_job_id and old.state <> 'queued'
    order by old.number
    limit p_rows
  );
  get diagnostics v_rows = row_count;
  v_deleted := v_deleted + v_rows;

  delete from batch.item_losses as l where l.job_id = p_job_id;
  delete from batch.billed_attempts as a where a.job_id = p_job_id;
  return v_deleted;
end;
$$;
