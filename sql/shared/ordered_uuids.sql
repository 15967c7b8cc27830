-- The first 24 digits of UUIDs of version 7, for a call that makes many: a time and what is random.
-- The call appends a count of its own in 8 digits.
--
-- Keys that grow keep an index's new entries on few pages, which random ones spread over all of
-- it: on a table of millions each would dirty a page, and write it to the log as a whole.
create or replace function batch.ordered_uuids()
returns text
language sql
volatile
set search_path = ''
as $$
  select lpad(to_hex((extract(epoch from batch.clock()) * 1000)::bigint), 12, '0')
    || '7' || substr(random.digits, 1, 3) || '8' || substr(random.digits, 4, 7)
  from (select replace(gen_random_uuid()::text, '-', '') as digits) as random;
$$;
