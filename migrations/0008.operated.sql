-- depends: 0005.api

alter table batch.workers add column meters jsonb not null default '[]';
comment on column batch.workers.meters is
  'what it counts of itself, for batch.metrics: [{name, labels, value, is_gauge}]';

-- What workers had counted that are gone: totals must not shrink when their rows are not summed.
create table batch.retired_meters (
  name text not null,
  labels jsonb not null,
  value numeric not null,
  primary key (name, labels)
);
