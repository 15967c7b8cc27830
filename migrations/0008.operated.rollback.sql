drop table batch.retired_meters;
alter table batch.workers drop column meters;
