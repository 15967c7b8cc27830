drop trigger if exists tg_job_events__take_position on batch.job_events;
alter table batch.job_events drop column position cascade;
drop sequence batch.event_positions cascade;
