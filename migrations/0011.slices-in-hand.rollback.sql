drop index batch.slices_running_idx;
