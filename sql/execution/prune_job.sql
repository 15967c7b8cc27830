-- Deletes up to p_rows of each kind of row that an ended job has, but not the job and its totals.
-- Returns how many it deleted. Calling twice is safe.
create or replace function batch.prune_job(p_job_id uuid, p_rows int)
returns int
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_kind record;
  v_deleted int := 0;
  v_rows int;
begin
  -- Results before their items. A callback that is still to be sent stays.
  for v_kind in
    select k.relation, k.key, k.condition
    from (
      values
      (1, 'item_results', 'seq', 'true'),
      (2, 'items', 'seq', 'true'),
      (3, 'slices', 'first_seq', 'true'),
      (4, 'job_events', 'id', 'true'),
      (5, 'callbacks', 'number', $condition$old.state <> 'queued'$condition$)
    ) as k (place, relation, key, condition)
    order by k.place
  loop
    execute format(
      'delete from batch.%1$I as t
      where t.job_id = $1
        and t.%2$I in (
          select old.%2$I from batch.%1$I as old
          where old.job_id = $1 and %3$s
          order by old.%2$I
          limit $2
        )',
      v_kind.relation, v_kind.key, v_kind.condition
    )
    using p_job_id, p_rows;
    get diagnostics v_rows = row_count;
    v_deleted := v_deleted + v_rows;
  end loop;

  delete from batch.item_losses as l where l.job_id = p_job_id;
  delete from batch.billed_attempts as a where a.job_id = p_job_id;
  return v_deleted;
end;
$$;
