drop table batch.webhook_secrets, batch.callback_attempts, batch.callbacks cascade;
drop type batch.callback_state cascade;
