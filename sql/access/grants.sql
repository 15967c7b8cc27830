-- What each role may do, and nobody else anything. A function that is named here is an entry point:
-- it runs with the rights of the owner, so that its caller needs none of the tables behind it.
-- Everything else of the schema is internal.
do $$
declare
  v_entry record;
  v_function regprocedure;
begin
  revoke all on all functions in schema batch from public;

  for v_entry in
    select entries.role, named.function
    from (
      values
        ('backscroll_api', '{find_api_key,visible_job,installed_version}'::text[]),
        ('backscroll_api', '{create_job_once,estimate_job,sample_media,change_job}'),
        ('backscroll_api', '{cancel_job,pause_job,resume_job}'),
        ('backscroll_api', '{list_jobs,job_json,job_status,job_details,list_items,report_items}'),
        ('backscroll_api', '{list_events,live_states,missed_events,unusable_api_keys}'),
        ('backscroll_api', '{list_callbacks,redeliver_callbacks}'),
        ('backscroll_api', '{metrics}'),

        ('backscroll_worker', '{register_worker,heartbeat,stop_worker,sweep,prune}'),
        ('backscroll_worker', '{plan_job,keep_estimate,fail_job,hold_job,take_slice,finish_slice}'),
        ('backscroll_worker', '{admit_items,record_results,give_up_item,pulse_jobs}'),
        ('backscroll_worker', '{items_behind_locks}'),
        ('backscroll_worker', '{take_provider_shares,hold_provider}'),
        ('backscroll_worker', '{take_callbacks,record_callback_attempt,webhook_secret}'),
        ('backscroll_worker', '{installed_version,installed_checksum,metrics}'),

        ('backscroll_reader', '{list_jobs,job_json,job_status,job_details,list_items,list_events}'),
        ('backscroll_reader', '{report_items,find_job,watch_job,missed_events}'),
        ('backscroll_reader', '{estimate_job,audit,prunable_jobs,metrics,list_callbacks}')
    ) as entries (role, functions)
    cross join lateral unnest(entries.functions) as named (function)
    join pg_catalog.pg_roles as r on r.rolname = entries.role
  loop
    for v_function in
      select p.oid
      from pg_catalog.pg_proc as p
      where p.pronamespace = 'batch'::regnamespace and p.proname = v_entry.function
    loop
      execute format('alter function %s security definer', v_function);
      execute format('grant execute on function %s to %I', v_function, v_entry.role);
    end loop;

    if not found then
      raise exception 'batch.% is granted to % and does not exist', v_entry.function, v_entry.role;
    end if;
  end loop;
end;
$$;

do $$
declare
  v_role text;
begin
  for v_role in
    select r.rolname from pg_catalog.pg_roles as r
    where r.rolname in ('backscroll_api', 'backscroll_worker', 'backscroll_reader')
  loop
    execute format('grant usage on schema batch to %I', v_role);
    execute format(
      'grant execute on function batch.clock(), batch.iso_time(timestamptz) to %I', v_role
    );
    execute format('grant select on batch.batch_jobs, batch.spending to %I', v_role);

    if v_role = 'backscroll_reader' then
      execute format(
        'grant select on batch.jobs, batch.items, batch.item_results, batch.slices,'
        ' batch.billed_attempts, batch.job_progress, batch.job_events, batch.job_moves,'
        ' batch.model_prices, batch.provider_limits, batch.provider_states, batch.workers,'
        ' batch.error_codes, batch.retired_meters, batch.callbacks, batch.callback_attempts'
        ' to %I',
        v_role
      );
      -- How long the queue is, for whoever starts workers by it.
      execute format('grant usage on schema procrastinate to %I', v_role);
      execute format('grant select on procrastinate.procrastinate_jobs to %I', v_role);
    elsif v_role = 'backscroll_worker' then
      execute format('grant usage on schema procrastinate to %I', v_role);
      execute format(
        'grant select, insert, update, delete on all tables in schema procrastinate to %I', v_role
      );
      execute format('grant usage on all sequences in schema procrastinate to %I', v_role);
    end if;
  end loop;
end;
$$;
