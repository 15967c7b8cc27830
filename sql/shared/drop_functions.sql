-- Drops the functions of the last release, so that signatures may change and retired ones go.
-- The few that a view is built on stay, and are replaced in place. What runs at this moment keeps
-- the functions it has: all this is one transaction.
do $$
declare
  v_function regprocedure;
begin
  for v_function in
    select p.oid
    from pg_catalog.pg_proc as p
    where p.pronamespace = 'batch'::regnamespace
  loop
    begin
      execute format('drop function %s', v_function);
    exception
      when dependent_objects_still_exist then
        null;
    end;
  end loop;
end;
$$;
