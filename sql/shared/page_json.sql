-- A page as the REST API writes it: the first p_page_size of p_items, and a cursor where there are
-- more: the position of the last under the name p_key, as batch.read_page takes it.
create or replace function batch.page_json(
  p_items json[], p_positions bigint[], p_page_size int, p_key text
)
returns json
language sql
immutable
set search_path = ''
as $$
  select json_build_object(
    'items', coalesce(
      (
        select json_agg(i.item order by i.place)
        from unnest(p_items[:p_page_size]) with ordinality as i (item, place)
      ),
      '[]'
    ),
    'nextCursor', case when cardinality(p_items) > p_page_size then
      batch.encode_cursor(jsonb_build_object(p_key, p_positions[p_page_size]))
    end
  );
$$;
