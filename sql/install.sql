-- Everything in the schema batch that can be made again: run on every upgrade, in this order,
-- in the transaction of `backscroll migrate`. Tables and types are in migrations/.

-- first: nothing of an earlier release stays
\ir shared/drop_functions.sql

-- shared: the clock, and how values are written
\ir shared/clock.sql
\ir shared/up_since.sql
\ir shared/actor.sql
\ir shared/iso_time.sql
\ir shared/read_time.sql
\ir shared/refuse.sql
\ir shared/refuse_field.sql
\ir shared/encode_cursor.sql
\ir shared/decode_cursor.sql
\ir shared/require_job.sql
\ir shared/read_page.sql
\ir shared/page_json.sql
\ir shared/ordered_uuids.sql
\ir shared/live_workers.sql
\ir shared/pin_procrastinate.sql

-- selection: which messages a job is about
\ir selection/content_type_of.sql
\ir selection/processing_type_of.sql
\ir selection/text_of.sql
\ir selection/select_media.sql
\ir selection/select_failed.sql
\ir selection/selection_of.sql
\ir selection/find_chat.sql
\ir selection/find_job.sql
\ir selection/field_problems.sql
\ir selection/request_problems.sql
\ir selection/read_request.sql

-- pricing: what requests to providers cost
\ir pricing/price_at.sql
\ir pricing/sync_prices.sql
\ir pricing/tg_model_prices__are_by_hand.sql
\ir pricing/is_believable.sql
\ir pricing/storable_cost.sql
\ir pricing/cost_of_usage.sql
\ir pricing/cost_of_usages.sql
\ir pricing/tokens_of_usages.sql
\ir pricing/number_of.sql
\ir pricing/media_seconds.sql
\ir pricing/media_bytes.sql
\ir pricing/media_pages.sql
\ir pricing/offers.sql
\ir pricing/count_media.sql
\ir pricing/recent_results.sql
\ir pricing/assumed_item.sql
\ir pricing/usual_item.sql
\ir pricing/expectation.sql
\ir pricing/estimate_json.sql
\ir pricing/estimate_items.sql
\ir pricing/keep_estimate.sql

-- rollups: what is read
\ir rollups/batch_jobs.sql
\ir rollups/job_json.sql
\ir rollups/is_final.sql
\ir rollups/status_json.sql
\ir rollups/job_status.sql
\ir rollups/medium_of.sql
\ir rollups/item_json.sql
\ir rollups/result_page.sql
\ir rollups/job_details.sql
\ir rollups/list_problems.sql
\ir rollups/list_jobs.sql
\ir rollups/list_items.sql
\ir rollups/report_items.sql
\ir rollups/event_json.sql
\ir rollups/list_events.sql
\ir rollups/working_json.sql
\ir rollups/last_failures.sql
\ir rollups/watch_job.sql
\ir rollups/live_states.sql
\ir rollups/missed_events.sql
\ir rollups/fold_progress.sql
\ir rollups/audit.sql
\ir pricing/spending.sql

-- notifications: what LISTEN batch_jobs, batch_events and batch_stops hear
\ir notifications/notify_job.sql
\ir notifications/place_event.sql
\ir notifications/tell_workers_to_stop.sql

-- callbacks: telling a job's callbackUrl, and what became of it
\ir callbacks/add_callback.sql
\ir callbacks/callback_delay.sql
\ir callbacks/end_callback.sql
\ir callbacks/take_callbacks.sql
\ir callbacks/record_callback_attempt.sql
\ir callbacks/callback_json.sql
\ir callbacks/list_callbacks.sql
\ir callbacks/redeliver_callbacks.sql
\ir callbacks/webhook_secret.sql

-- state machine: every move a job can make, and its end
\ir state_machine/move_job.sql
\ir state_machine/settle_job.sql
\ir state_machine/close_slices.sql
\ir state_machine/hold_job.sql
\ir state_machine/hold_if_failing.sql
\ir notifications/pulse_jobs.sql

-- execution: planning, slices, results, and what brings lost work back
\ir execution/error_codes.sql
\ir execution/defer_task.sql
\ir execution/defer_slice.sql
\ir execution/provider_places.sql
\ir execution/first_slice_size.sql
\ir execution/next_slice_size.sql
\ir execution/open_slices.sql
\ir execution/freeze_items.sql
\ir execution/plan_job.sql
\ir execution/settle_items.sql
\ir execution/take_slice.sql
\ir execution/media_content_takes_job_id.sql
\ir execution/held_slices.sql
\ir execution/write_results.sql
\ir execution/record_results.sql
\ir execution/add_attempts.sql
\ir execution/give_up_item.sql
\ir execution/items_behind_locks.sql
\ir execution/release_items.sql
\ir execution/reserve_budget.sql
\ir execution/read_questions.sql
\ir execution/admit_items.sql
\ir execution/tg_jobs__release_claims.sql
\ir execution/ended_at_once.sql
\ir execution/finish_slice.sql
\ir execution/lose_slice.sql
\ir metrics/retire_meters.sql
\ir execution/register_worker.sql
\ir execution/heartbeat.sql
\ir execution/stop_worker.sql
\ir execution/requeue_lost_tasks.sql
\ir execution/release_strays.sql
\ir execution/sweep.sql
\ir execution/prunable_jobs.sql
\ir execution/prune_job.sql
\ir execution/prune.sql

-- state machine: what users do with jobs
\ir state_machine/create_job_from_json.sql
\ir state_machine/create_job.sql
\ir state_machine/cancel_job.sql
\ir state_machine/pause_job.sql
\ir state_machine/resume_job.sql
\ir state_machine/fail_job.sql
\ir state_machine/set_budget.sql
\ir state_machine/change_job.sql
\ir state_machine/retry_job.sql
\ir state_machine/create_job_once.sql

-- providers: limits that all workers share
\ir providers/take_provider_shares.sql
\ir providers/hold_provider.sql

-- metrics: what Prometheus is told
\ir metrics/job_metrics.sql
\ir metrics/queue_metrics.sql
\ir metrics/worker_metrics.sql
\ir metrics/metrics.sql

-- pricing: what a job would take
\ir pricing/sample_media.sql
\ir pricing/estimate_job.sql

-- access: who may call, and what each role may do; last, since it is about all the others
\ir access/create_api_key.sql
\ir access/find_api_key.sql
\ir access/list_api_keys.sql
\ir access/revoke_api_key.sql
\ir access/unusable_api_keys.sql
\ir access/visible_job.sql
\ir access/installed_version.sql
\ir access/installed_checksum.sql
\ir access/roles.sql
\ir access/grants.sql
