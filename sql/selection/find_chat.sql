-- The chat that `p_chat_id` names, by its uuid or by its external id, within the instance if
-- one is given, and among those of the instances that the caller may see (null: all).
--
-- Raises BJ404 if there is none, BJ422 if the external id names chats of several instances.
create or replace function batch.find_chat(
  p_chat_id text, p_instance_id uuid, p_instance_ids uuid[] default null
)
returns public.chats
language plpgsql
stable
set search_path = ''
as $$
declare
  v_chats public.chats[];
begin
  if p_chat_id ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    select array_agg(c) into v_chats
    from public.chats as c
    where c.id = p_chat_id::uuid
      and (p_instance_id is null or c.instance_id = p_instance_id)
      and (p_instance_ids is null or c.instance_id = any (p_instance_ids));
  end if;

  if v_chats is null then
    select array_agg(c) into v_chats
    from public.chats as c
    where c.external_id = p_chat_id
      and (p_instance_id is null or c.instance_id = p_instance_id)
      and (p_instance_ids is null or c.instance_id = any (p_instance_ids));
  end if;

  if v_chats is null then
    raise exception using
      errcode = 'BJ404',
      message = format('no chat %s', p_chat_id)
        || coalesce(' in instance ' || p_instance_id, ''),
      hint = 'Give the chat''s uuid or its external id, and the instance it belongs to or none.';
  end if;

  if cardinality(v_chats) > 1 then
    perform batch.refuse_field('chatId', format(
      '%s chats have the external id %s: give instanceId too, or the chat''s uuid',
      cardinality(v_chats), p_chat_id
    ));
  end if;

  return v_chats[1];
end;
$$;
