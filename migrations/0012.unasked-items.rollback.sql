alter table batch.slices drop column unasked;
