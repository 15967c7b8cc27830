-- Where a message's medium was to be had, as it may be shown: its path in the media folder, or its
-- address without what may be secret in it (a password, a signature). Null if it names neither.
-- Plain SQL without a pinned search_path, so that it is inlined.
create or replace function batch.medium_of(p_message public.messages)
returns text
language sql
immutable
parallel safe
as $$
  select coalesce(
    nullif(p_message.media_local_path, ''),
    regexp_replace(
      regexp_replace(p_message.media_url, '[?#].*$', ''), '^([^:/]+://)[^/]*@', '\1'
    )
  );
$$;
