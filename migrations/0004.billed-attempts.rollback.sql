delete from batch.model_prices where unit = 'cached_token';
alter table batch.model_prices
  drop constraint unit_is_known,
  add constraint unit_is_known check (
    unit in ('audio_second', 'input_token', 'audio_token', 'output_token')
  );
alter table batch.item_results
  drop column media_bytes cascade, drop column media_pages cascade,
  drop column media_seconds cascade;
drop table batch.billed_attempts cascade;
