drop table batch.installations, batch.error_codes, batch.workers, batch.job_events,
  batch.job_pulses, batch.job_progress, batch.slices, batch.item_results, batch.items,
  batch.job_moves, batch.jobs cascade;
drop type batch.slice_state, batch.result_status, batch.content_type, batch.job_state cascade;

-- What the queue holds is about jobs that are gone; `migrate` installs it anew.
drop schema procrastinate cascade;
