-- Procrastinate's functions name its tables without a schema. Pinning their search_path lets
-- them be called from anywhere: from functions that pin their own, from psql, and through a
-- transaction pooler that keeps no session settings. Repeated after every upgrade of it.
do $$
declare
  v_function regprocedure;
begin
  for v_function in
    select p.oid
    from pg_catalog.pg_proc as p
    where p.pronamespace = 'procrastinate'::regnamespace and p.prokind = 'f'
  loop
    execute format('alter function %s set search_path = procrastinate, pg_temp', v_function);
  end loop;
end;
$$;
