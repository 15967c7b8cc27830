alter table batch.items reset (autovacuum_vacuum_insert_scale_factor,
  autovacuum_vacuum_insert_threshold, autovacuum_analyze_scale_factor,
  autovacuum_analyze_threshold);
alter table batch.item_results reset (autovacuum_vacuum_insert_scale_factor,
  autovacuum_vacuum_insert_threshold, autovacuum_analyze_scale_factor,
  autovacuum_analyze_threshold);
do $$
declare
  v_table text;
begin
  foreach v_table in array '{job_progress,job_pulses,slices,claims,reservations,workers,'
    'provider_states,provider_leases}'::text[]
  loop
    execute format(
      'alter table batch.%I reset (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold)',
      v_table
    );
  end loop;
end;
$$;
alter table batch.jobs drop column pruned_at cascade, drop column prune_began_at cascade;
drop table batch.item_losses cascade;
