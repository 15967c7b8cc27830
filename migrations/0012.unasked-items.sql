-- depends: 0011.slices-in-hand

-- What a worker that dies had in hand is known by its claims; of these items it makes none.
alter table batch.slices add column unasked batch.content_type[] not null default '{}';
comment on column batch.slices.unasked is
  'content types of which its worker begins items without asking for each';
