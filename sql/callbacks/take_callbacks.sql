-- Hands a worker up to p_most callbacks that are due, the longest due first, and begins an attempt
-- at each. For p_lease nobody else takes them; a worker that has not reported by then is taken
-- for lost, and they are sent again. sent_at is what the attempt is signed with.
--
-- One host gets at most eight at a time from all workers together (twice that if two ask in the
-- same moment), so that one that is slow or dead holds up no others, and none is overrun.
-- Locks the rows it takes and passes over those that another worker takes just now.
create or replace function batch.take_callbacks(
  p_worker_id bigint, p_most int, p_lease interval
)
returns table (callback_id uuid, attempt int, url text, payload text, sent_at timestamptz)
language sql
volatile
set search_path = ''
as $$
  with due as (
    -- What is in hand has the first places of its host.
    select
      c.id,
      row_number() over (
        partition by c.host
        order by (c.leased_until > batch.clock()) is true desc, c.next_attempt_at, c.number
      ) as place
    from batch.callbacks as c
    where c.state = 'queued' and c.next_attempt_at <= batch.clock()
  ),

  free as (
    select c.id
    from batch.callbacks as c
    join due as d on d.id = c.id
    where d.place <= 8
      and c.state = 'queued'
      and (c.leased_until > batch.clock()) is not true
    order by c.next_attempt_at, c.number
    limit p_most
    for update of c skip locked
  ),

  taken as (
    update batch.callbacks as c
    set
      attempts = c.attempts + 1,
      worker_id = p_worker_id,
      leased_until = batch.clock() + p_lease
    from free as f
    where c.id = f.id
    returning c.*
  ),

  lost as (
    update batch.callback_attempts as a
    set error = 'the worker was lost before it could say how it ended'
    from taken as t
    where a.callback_id = t.id and a.number = t.attempts - 1 and a.duration_ms is null
  ),

  begun as (
    insert into batch.callback_attempts (callback_id, number, worker_id, started_at)
    select t.id, t.attempts, p_worker_id, batch.clock()
    from taken as t
  )

  select t.id, t.attempts, t.url, t.payload, batch.clock()
  from taken as t
  order by t.next_attempt_at, t.number;
$$;
