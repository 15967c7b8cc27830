-- Estimates a job that batch.plan_job has just planned, while its first items are at work already.
-- Lengths, pages and sizes are looked up of up to 50,000 items; of more, only how many there are of
-- each content type.
--
-- Locks the job's row once the estimate is known, and commits without waiting for the disk: slices
-- are being taken at this moment, and would wait for the lock. What a crash of PostgreSQL takes has
-- batch.requeue_lost_tasks made again. An estimate that is kept stays: calling twice is safe.
create or replace function batch.keep_estimate(p_job_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_items int;
  v_estimate jsonb;
begin
  select j.total_items into v_items
  from batch.jobs as j
  where j.id = p_job_id and j.estimate is null;

  if not found then
    return;
  end if;

  if v_items <= 50000 then
    select batch.estimate_items(batch.count_media(
      array_agg(i.content_type), array_agg(i.message_id)
    ))
    into v_estimate
    from batch.items as i
    where i.job_id = p_job_id;
  else
    select batch.estimate_items(
      jsonb_object_agg(i.content_type, jsonb_build_object('items', i.items))
    )
    into v_estimate
    from (
      select i.content_type, count(*) as items
      from batch.items as i
      where i.job_id = p_job_id
      group by i.content_type
    ) as i;
  end if;

  perform set_config('synchronous_commit', 'off', true);

  update batch.jobs as j
  set estimate = v_estimate
  where j.id = p_job_id and j.estimate is null and j.status <> 'pending';
end;
$$;
