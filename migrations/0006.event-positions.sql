-- depends: 0005.api

-- Where an event stands among all events, in the order in which they were committed: who has read
-- up to a position has missed nothing before it. The order of `id` is that in which they were
-- written, and what is written first may be committed last.
create sequence batch.event_positions;

alter table batch.job_events add column position bigint;
comment on column batch.job_events.position is
  'its place in the order of commits; null until the transaction that wrote it commits';

update batch.job_events as e
set position = placed.position
from (
  select ordered.id, nextval('batch.event_positions') as position
  from (select o.id from batch.job_events as o order by o.id) as ordered
) as placed
where e.id = placed.id;

create unique index job_events_position_idx on batch.job_events (position);
