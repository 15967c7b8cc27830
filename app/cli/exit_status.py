"""With what commands end, for scripts: the same for all of them."""

from __future__ import annotations

ERROR = 1
REFUSED = 2
JOB_FAILED = 3
JOB_CANCELLED = 4
JOB_PAUSED = 5
ITEMS_FAILED = 6
INTERRUPTED = 130

OF_STATUS = {
    "completed": 0,
    "failed": JOB_FAILED,
    "cancelled": JOB_CANCELLED,
    "paused": JOB_PAUSED,
}
"""What watching a job ends with when it ends at this status of the job."""

EXPLAINED = """\
\b
Exit status:
  0    done; watching: the job is completed
  1    an error, such as a database that is away
  2    refused: a wrong option, no such job, or not in the job's state
  3    watching: the job failed
  4    watching: the job was cancelled
  5    watching with --exit-on-pause: the job is paused
  6    watching with --fail-on-failed-items: completed, and items failed
  130  interrupted (Ctrl-C); a job that was watched goes on
"""
