"""What the database's refusals mean.

Every rule lives in SQL functions, which refuse with SQLSTATEs of their own: `BJ` and the HTTP
status that fits. What is not understood propagates.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg


class DatabaseAway(Exception):
    """The database cannot be reached now; the same call may go through later."""


class NoConnection(DatabaseAway):
    """No connection of the pool became free in time: too many want one, or none can be made."""


class TookTooLong(DatabaseAway):
    """A statement took longer than it may."""


class ReadOnly(DatabaseAway):
    """It takes no changes: a standby, or made read-only, as hosts do where a disk is full.

    What the session is may change only with a new one."""


class Locked(DatabaseAway):
    """Somebody holds a lock on what the call needs, for longer than it waits."""


@dataclass(frozen=True)
class Problem:
    """One field of a request that is wrong, and what to change."""

    field: str
    problem: str


class Refused(Exception):
    """A SQL function refused the call: `status` is the HTTP status that fits."""

    def __init__(
        self, status: int, message: str, hint: str | None = None, problems: Sequence[Problem] = ()
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.hint = hint
        self.problems = tuple(problems)


class UnusableInput(Exception):
    """A value that PostgreSQL cannot hold, such as a NUL character in a text."""


@contextmanager
def understood() -> Iterator[None]:
    """Turns the database's errors into those of this module, as far as it understands them."""
    try:
        yield
    except (psycopg.errors.DataError, psycopg.errors.StatementTooComplex) as error:
        raise UnusableInput(str(error)) from error
    except (psycopg.errors.QueryCanceled, psycopg.errors.TransactionTimeout) as error:
        raise TookTooLong(str(error)) from error
    except psycopg.errors.LockNotAvailable as error:
        raise Locked(str(error)) from error
    except psycopg.errors.ReadOnlySqlTransaction as error:
        raise ReadOnly(str(error)) from error
    except psycopg.errors.IdleInTransactionSessionTimeout as error:
        # This process was frozen, or cut off, in the middle of a transaction.
        raise DatabaseAway(str(error)) from error
    except psycopg.Error as error:
        if (error.sqlstate or "").startswith("BJ"):
            raise _refusal(error) from error
        if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
            raise DatabaseAway(str(error)) from error
        # A migration has replaced a function between finding and calling it. PostgreSQL has no
        # SQLSTATE of its own for that, and does not translate what it says.
        if str(error).startswith("cache lookup failed for function"):
            raise DatabaseAway(str(error)) from error
        raise


def _refusal(error: psycopg.Error) -> Refused:
    diagnosis = error.diag
    problems = json.loads(diagnosis.message_detail) if diagnosis.message_detail else []
    return Refused(
        status=int((error.sqlstate or "BJ500")[2:]),
        message=diagnosis.message_primary or str(error),
        hint=diagnosis.message_hint,
        problems=[Problem(**problem) for problem in problems],
    )
