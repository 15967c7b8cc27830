update batch.jobs set pause_reason = null where pause_reason = 'failures';
alter table batch.jobs
  drop column metadata cascade, drop column failure_threshold cascade,
  drop column callback_url cascade, drop column retry_of cascade,
  drop column ended_before cascade, drop column failed_before cascade,
  drop constraint pause_reason_is_known,
  add constraint pause_reason_is_known check (pause_reason in ('budget', 'providers'));
drop table batch.idempotency_keys, batch.api_keys cascade;
