-- depends: 0010.performance

-- Whoever records results looks for the slices of its worker, among all that ever were.
create index slices_running_idx on batch.slices (worker_id) where state = 'running';
