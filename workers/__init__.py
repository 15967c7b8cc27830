"""The workers: the queue's tasks, the recorder, media fetching and the processors."""
