-- What a job is about, in the order in which its items are numbered: what needs work, newest first,
-- and then what is left alone (is_done), since its text exists already. How many rows there were is
-- in the setting `batch.found` until the transaction ends: whoever only needs to pass them on need
-- not keep a million of them to count them.
--
-- PostgreSQL shares a query that a function returns out among parallel workers, and never one that
-- feeds an `insert`. What they hashed together would be in shared memory, of which a container has
-- 64 MB: so they do not. (`offset` keeps content from being looked for twice a message; any but a
-- constant of type bigint would keep the query from being shared out.)
create or replace function batch.selection_of(p_job batch.jobs)
returns table (message_id uuid, content_type batch.content_type, is_done boolean)
language plpgsql
volatile
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
set enable_parallel_hash = off
set jit = off
as $$
declare
  v_found bigint;
begin
  return query
  select f.message_id, f.content_type, f.is_done
  from (
    select
      s.message_id, s.content_type, s.platform_timestamp,
      s.has_content and not p_job.is_forced as is_done
    from batch.select_media(
      case p_job.job_type when 'time_based_batch' then p_job.instance_id end,
      p_job.chat_id,
      p_job.created_at at time zone 'UTC' - make_interval(days => p_job.days_back),
      p_job.content_types
    ) as s
    where p_job.retry_of is null

    union all
    select
      f.message_id, f.content_type, f.platform_timestamp,
      f.has_content and not p_job.is_forced
    from batch.select_failed(p_job.retry_of, p_job.content_types) as f
    where p_job.retry_of is not null
    offset bigint '0'
  ) as f
  order by
    case when not f.is_done then f.platform_timestamp end desc nulls last, f.message_id desc;

  get diagnostics v_found = row_count;
  perform set_config('batch.found', v_found::text, true);
end;
$$;
