-- The chat tables, in the shape that Omni v2 gives them (the columns that Backscroll reads and
-- writes). Each is made only where it is absent: on Omni's own database this changes nothing.
-- Timestamps are UTC without a zone, as Omni keeps them.

create table if not exists public.instances (
  id uuid primary key default gen_random_uuid(),
  name varchar(255) not null unique,
  channel varchar(50) not null,
  is_active boolean not null default true,
  created_at timestamp not null default (now() at time zone 'utc'),
  updated_at timestamp not null default (now() at time zone 'utc')
);

create table if not exists public.chats (
  id uuid primary key default gen_random_uuid(),
  instance_id uuid references public.instances (id) on delete cascade,
  external_id varchar(255) not null,
  canonical_id varchar(255),
  chat_type varchar(50) not null,
  channel varchar(50) not null,
  name varchar(255),
  participant_count int not null default 0,
  message_count int not null default 0,
  unread_count int not null default 0,
  created_at timestamp not null default (now() at time zone 'utc'),
  updated_at timestamp not null default (now() at time zone 'utc'),
  unique (instance_id, external_id)
);

-- The indexes belong to the table that is made here; somebody else's table keeps its own.
do $$
begin
  if to_regclass('public.messages') is not null then
    return;
  end if;

  create table public.messages (
    id uuid primary key default gen_random_uuid(),
    chat_id uuid not null references public.chats (id) on delete cascade,
    external_id varchar(255) not null,
    source varchar(20) not null default 'import',
    sender_display_name varchar(255),
    is_from_me boolean not null default false,
    message_type varchar(50) not null,
    text_content text,
    transcription text,
    image_description text,
    video_description text,
    document_extraction text,
    has_media boolean not null default false,
    media_mime_type varchar(100),
    media_url text,
    media_local_path text,
    media_metadata jsonb,
    raw_payload jsonb,
    status varchar(20) not null default 'active',
    platform_timestamp timestamp not null,
    received_at timestamp not null default (now() at time zone 'utc'),
    created_at timestamp not null default (now() at time zone 'utc'),
    updated_at timestamp not null default (now() at time zone 'utc'),
    unique (chat_id, external_id)
  ) with (fillfactor = 80);

  create index messages_media_of_chat_idx
    on public.messages (chat_id, platform_timestamp desc) where has_media;
  create index messages_media_by_time_idx
    on public.messages (platform_timestamp desc) where has_media;
end;
$$;

do $$
begin
  if to_regclass('public.media_content') is not null then
    return;
  end if;

  create table public.media_content (
    id uuid primary key default gen_random_uuid(),
    event_id uuid,
    media_id uuid,
    processing_type varchar(20) not null,
    content text not null,
    model varchar(100),
    provider varchar(50),
    language varchar(10),
    duration int,
    tokens_used int,
    cost_usd int,
    batch_job_id uuid,
    processing_time_ms int,
    created_at timestamp not null default (now() at time zone 'utc')
  );

  comment on column public.media_content.cost_usd is
    'whole US cents, as Omni keeps it; the exact cost stands in batch.item_results';

  create index media_content_media_id_idx on public.media_content (media_id, processing_type);
end;
$$;
