-- The stable codes that say why an item failed, the stage each belongs to (it decides between
-- downloadFailed and processingFailed), and what it means to a user.
insert into batch.error_codes (code, stage, meaning)
values
  ('media_missing', 'download',
    'The message names neither a local file nor an address to fetch the medium from.'),
  ('media_not_found', 'download',
    'The file that the message names is not in the media folder, is no file, or may not be read by'
    || ' the worker.'),
  ('media_outside_root', 'download',
    'The path leads out of the media folder (.., an absolute path or a symbolic link).'),
  ('media_too_large', 'download',
    'The medium is larger than BACKSCROLL_MAX_MEDIA_MB.'),
  ('download_failed', 'download',
    'The medium could not be fetched from its address; the text says why.'),
  ('message_deleted', 'download',
    'The message was deleted or expired after the job had been planned.'),
  ('no_provider', 'processing',
    'No provider is configured that could process this kind of medium.'),
  ('unsupported_format', 'processing',
    'Backscroll cannot read this kind of file.'),
  ('file_empty', 'processing', 'The file has no bytes.'),
  ('file_unreadable', 'processing', 'The file is damaged, cut short or not what it seems to be.'),
  ('file_encrypted', 'processing', 'The file needs a password.'),
  ('file_too_large', 'processing',
    'The file unpacks to more than Backscroll is willing to hold: a bomb, or a giant.'),
  ('processor_crashed', 'processing', 'The parser died while it read the file.'),
  ('processor_timeout', 'processing', 'The parser took longer than it is given.'),
  ('processor_out_of_memory', 'processing', 'The parser needed more memory than it is given.'),
  ('provider_refused', 'processing',
    'The provider will not or cannot work on this medium; the text says what it answered.'),
  ('provider_error', 'processing',
    'The provider failed at this medium, again and again, while it answered others.'),
  ('worker_lost', 'processing',
    'The worker died three times while it worked on this item, which may be what it died of.'),
  ('internal_error', 'processing', 'A defect of Backscroll; the worker''s log has the details.')
on conflict (code) do update set stage = excluded.stage, meaning = excluded.meaning;
