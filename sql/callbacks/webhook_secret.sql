-- What callbacks are signed with unless the setting BACKSCROLL_WEBHOOK_SECRET says otherwise.
create or replace function batch.webhook_secret()
returns text
language sql
stable
set search_path = ''
as $$
  select s.secret from batch.webhook_secrets as s;
$$;
