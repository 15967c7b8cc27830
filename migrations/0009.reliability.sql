-- depends: 0005.api

-- How often an item was in hand when its worker died. Few items ever have a row.
create table batch.item_losses (
  job_id uuid not null references batch.jobs (id) on delete cascade,
  seq int not null,
  losses int not null,
  primary key (job_id, seq)
);

alter table batch.jobs
  add column prune_began_at timestamptz
    constraint only_ended_jobs_are_pruned
      check (prune_began_at is null or completed_at is not null),
  add column pruned_at timestamptz
    constraint pruning_begins_before_it_ends
      check (pruned_at is null or pruned_at >= prune_began_at);
comment on column batch.jobs.prune_began_at is
  'since when its items, results and events are being deleted; its totals stay';
create index jobs_unpruned_idx on batch.jobs (completed_at)
  where completed_at is not null and pruned_at is null;

-- What changes all the time is small, and must stay so: cleaned as soon as a thousand rows are
-- dead, however many live ones there are.
alter table batch.job_progress set (autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 1000);
alter table batch.job_pulses set (autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 1000);
alter table batch.slices set (autovacuum_vacuum_scale_factor = 0.01,
  autovacuum_vacuum_threshold = 1000);
alter table batch.claims set (autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 1000);
alter table batch.reservations set (autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 1000);
alter table batch.workers set (autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 1000);
alter table batch.provider_states set (autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 1000);
alter table batch.provider_leases set (autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 1000);

-- Insert-only, and read back while they are new: their visibility and statistics are kept up in
-- steps of a hundred thousand rows, not of a fifth of all there ever were.
alter table batch.items set (autovacuum_vacuum_insert_scale_factor = 0,
  autovacuum_vacuum_insert_threshold = 100000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 100000);
alter table batch.item_results set (autovacuum_vacuum_insert_scale_factor = 0,
  autovacuum_vacuum_insert_threshold = 100000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 100000);
