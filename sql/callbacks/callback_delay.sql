-- How long to wait after so many failed attempts at a callback: seconds at first, four times longer
-- each time, hours in the end; ten attempts over about a day. A fifth more or less by chance, so
-- that what failed together does not come back together. Null: enough was tried.
create or replace function batch.callback_delay(p_failures int)
returns interval
language sql
volatile
set search_path = ''
as $$
  select case when p_failures < 10 then
    least(interval '8 hours', interval '5 seconds' * 4 ^ (p_failures - 1))
    * (0.8 + 0.4 * random())
  end;
$$;
