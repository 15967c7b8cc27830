-- The roles that processes and people log in through, each allowed just what it needs:
--
--   backscroll_api     what the REST API calls
--   backscroll_worker  what workers call, and the queue's tables
--   backscroll_reader  the views and tables, for psql and dashboards; never the keys
--
-- They cannot log in themselves: grant them to users of your own. Roles belong to the whole server,
-- so several databases share them. Where the migrating user may not make roles and there are none,
-- everything works as its owner, and a notice says so.
do $$
declare
  v_role text;
begin
  foreach v_role in array '{backscroll_api,backscroll_worker,backscroll_reader}'::text[] loop
    begin
      if not exists (select from pg_catalog.pg_roles as r where r.rolname = v_role) then
        execute format('create role %I nologin', v_role);
      end if;
    exception
      when duplicate_object or unique_violation then
        null;
      when insufficient_privilege then
        raise notice 'the role % is not made: % may not make roles', v_role, current_user;
    end;
  end loop;
end;
$$;
