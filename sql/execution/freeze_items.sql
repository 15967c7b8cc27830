-- Keeps a job's selection as its numbered items, and returns the job with what it has counted:
-- how many messages were found, how many of them are items, and how many were left alone.
--
-- Messages are looked at once. Without a limit, what is found goes straight into the items; with
-- one, it is kept until it has been counted.
create or replace function batch.freeze_items(p_job batch.jobs)
returns batch.jobs
language plpgsql
volatile
set search_path = ''
as $$
begin
  if p_job.item_limit is null then
    insert into batch.items (job_id, seq, message_id, content_type)
    select p_job.id, s.seq, s.message_id, s.content_type
    from batch.selection_of(p_job) with ordinality as s (message_id, content_type, is_done, seq)
    where not s.is_done;

    get diagnostics p_job.total_items = row_count;
    p_job.total_found := current_setting('batch.found');
    p_job.skipped_at_plan := p_job.total_found - p_job.total_items;
  else
    with numbered as materialized (
      select s.message_id, s.content_type, s.is_done, s.seq
      from batch.selection_of(p_job) with ordinality as s (message_id, content_type, is_done, seq)
    ),

    frozen as (
      insert into batch.items (job_id, seq, message_id, content_type)
      select p_job.id, n.seq, n.message_id, n.content_type
      from numbered as n
      where not n.is_done and n.seq <= p_job.item_limit
    )

    select
      count(*),
      count(*) filter (where n.is_done),
      count(*) filter (where not n.is_done and n.seq <= p_job.item_limit)
    into p_job.total_found, p_job.skipped_at_plan, p_job.total_items
    from numbered as n;
  end if;

  return p_job;
end;
$$;
