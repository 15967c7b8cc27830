-- Gives up claims and reservations of items that nobody has in hand: a worker that was frozen, or
-- whose call came late, made them when its slice had been given away. Left, they would keep others
-- from the same bytes, and a budget from being spent, for ever.
--
-- A slice is taken before its items claim anything, so what is in hand is never given up here.
-- Calling twice is safe.
create or replace function batch.release_strays()
returns void
language sql
volatile
set search_path = ''
as $$
  delete from batch.claims as c
  where not exists (
    select
    from batch.slices as s
    where s.job_id = c.job_id
      and s.state = 'running'
      and c.seq between s.first_seq and s.last_seq
  );

  delete from batch.reservations as r
  where not exists (
    select
    from batch.slices as s
    where s.job_id = r.job_id
      and s.state = 'running'
      and r.seq between s.first_seq and s.last_seq
  );
$$;
