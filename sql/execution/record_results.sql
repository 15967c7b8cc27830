-- Records what a worker has finished, for all its slices together: the results, the text in
-- media_content and in the message's own column, and the worker's share of each job's counters.
-- Returns the slices that the worker holds of jobs that are being processed, as they were when the
-- call began; and the jobs among those named that want no more work, and whether for good
-- (has_ended, without a first_seq). Where results are sent again, all that the worker holds is.
--
-- p_results is a list of objects: jobId, firstSeq (of the slice), seq, status, errorCode, error,
-- text, provider, model, language, durationSeconds, pages, bytes (of the medium), processingMs, and
-- ageMs: how long ago the item ended, by the worker's monotonic clock, so that its times are the
-- database's; usage: what its requests to providers used, from which its cost comes (or costUsd and
-- tokens, from a processor that was told them); sha256 (hex) and askedLanguage: under which its
-- text is remembered, if it is; isReused: its text was made before, for the same bytes. p_current
-- maps jobs to the item that the worker has in hand.
--
-- isUnasked: the item is of a kind that costs nothing and ends at once, so batch.admit_items was
-- not asked about it. It is judged here instead: it counts only while its job is being processed.
-- It has no claim, so no claim keeps it from a message that an asked item is worked on for.
-- Whichever of the two comes second is skipped, as is any item that cost nothing, is not forced,
-- and finds that the message has a text by now. Workers name no sha256 for it, unless it did cost
-- something or take long: to look for its text would take longer than to make it again.
--
-- A result ends the item's claim on its bytes and its reservation of the job's budget. What was
-- billed for the item before it was given up (batch.billed_attempts) becomes part of it; that was
-- in the job's total already, so only the rest is added. An unknown cost of any of it makes the
-- whole unknown.
--
-- An item counts once, whoever reports it however often: where one has a result already, all that
-- the call has written is taken back, and written again without that item. This happens to a worker
-- whose connection broke before it was told that its results are recorded, and to the second of two
-- that hold a slice in turn.
--
-- Results for a slice that the worker does not hold (it was given to another), or that it has no
-- such item, are dropped.
--
-- Messages and results are locked in the order of their keys: workers that report the same items,
-- or items of two jobs over the same messages, wait for each other and never in a circle. A message
-- that somebody's forgotten transaction has locked is waited for two seconds: then the call raises
-- lock_not_available, nothing is recorded, and the caller tries the others without it.
create or replace function batch.record_results(
  p_worker_id bigint, p_results json, p_current jsonb default '{}'
)
returns table (job_id uuid, first_seq int, has_ended boolean)
language plpgsql
volatile
set search_path = ''
set lock_timeout = '2s'
as $$
declare
  v_is_repeated boolean := false;
  v_constraint text;
begin
  loop
    begin
      return query
      select w.job_id, w.first_seq, w.has_ended
      from batch.write_results(p_worker_id, p_results, p_current, v_is_repeated) as w;
      return;
    exception
      when unique_violation then
        get stacked diagnostics v_constraint = constraint_name;

        if v_constraint <> 'item_results_pkey' then
          raise;
        end if;

        -- It never sees what others commit, and would try for ever.
        if v_is_repeated and current_setting('transaction_isolation') <> 'read committed' then
          raise exception using
            errcode = 'serialization_failure',
            message = 'an item was recorded meanwhile; record again in a new transaction';
        end if;

        v_is_repeated := true;
    end;
  end loop;
end;
$$;
