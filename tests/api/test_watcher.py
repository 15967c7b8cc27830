"""A watcher's queue is bounded, and what it was read is told from what is news."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from app.live.news import Event, Snapshot, State
from app.live.reading import Present
from app.live.watcher import KEY_ENDED, Watcher

JOB = uuid4()


def event(position: int, job: UUID = JOB, instance: UUID | None = None) -> Event:
    return Event.read(position, job, instance, f'{{"id": {position}}}')


def state(
    told: int | Snapshot, job: UUID = JOB, *, is_final: bool = False, instance: UUID | None = None
) -> State:
    return State(job, instance, is_final, told, f"state {told}\n\n".encode())


def taken(watcher: Watcher) -> list[str]:
    return [frame.decode().strip() for frame in watcher.take()]


def watcher_of(job: UUID | None = JOB, instances: frozenset[UUID] | None = None) -> Watcher:
    watcher = Watcher(job, instances, uuid4(), None)
    watcher.begin_at(0)
    return watcher


@pytest.mark.parametrize(
    ("transaction", "is_shown"),
    [(9, True), (10, False), (11, True), (12, False), (13, True), (14, False), (99, False)],
)
def test_a_snapshot_shows_what_had_committed_before_it(transaction: int, is_shown: bool) -> None:
    assert Snapshot.parse("10:14:10,12").shows(transaction) is is_shown


def test_a_snapshot_shows_earlier_ones() -> None:
    earlier, later = Snapshot.parse("10:14:10,12"), Snapshot.parse("12:14:12")

    assert later.shows(earlier)
    assert later.shows(later)
    assert not earlier.shows(later)
    assert not earlier.shows(Snapshot.parse("15:15:"))


def test_of_a_job_only_the_newest_state_is_kept() -> None:
    watcher = watcher_of()

    for number in range(10_000):
        watcher.hear_state(state(number))

    assert taken(watcher) == ["state 9999"]
    assert taken(watcher) == []


def test_who_does_not_take_keeps_a_bounded_number_of_events_and_then_none() -> None:
    watcher = watcher_of()
    for position in range(1, 201):
        watcher.hear_event(event(position))
    assert len(taken(watcher)) == 200

    for position in range(201, 10_000):
        watcher.hear_event(event(position))

    assert watcher.is_behind
    assert taken(watcher) == []
    assert watcher.position == 200


def test_what_is_heard_while_the_rest_is_read_is_sent_once() -> None:
    watcher = watcher_of()
    watcher.fall_behind()
    watcher.begin_to_catch_up()
    for position in (1, 2, 3):
        watcher.hear_event(event(position))
    for transaction in (10, 11):
        watcher.hear_state(state(transaction, uuid4() if transaction == 11 else JOB))
    snapshot = Snapshot.parse("11:11:")

    sent = watcher.know(Present(snapshot, 2, [state(snapshot)]))
    watcher.knows_events_until(2)

    assert len(sent) == 1
    assert [frame.splitlines()[0] for frame in taken(watcher)] == ["id: 3"]


def test_a_notification_of_what_was_read_already_is_no_news() -> None:
    watcher = watcher_of()
    watcher.know(Present(Snapshot.parse("11:11:"), 0, []))

    watcher.hear_state(state(10))
    assert taken(watcher) == []

    watcher.hear_state(state(11))
    assert taken(watcher) == ["state 11"]


def test_a_watcher_of_all_jobs_hears_of_its_instances_alone() -> None:
    mine = uuid4()
    watcher = watcher_of(None, frozenset({mine}))

    for position, instance in enumerate((mine, uuid4(), None), start=1):
        watcher.hear_event(event(position, uuid4(), instance))
        watcher.hear_state(state(position, uuid4(), instance=instance))

    assert [frame.splitlines()[0] for frame in taken(watcher)] == ["id: 1", "state 1"]


def test_the_end_comes_after_all_else_and_once() -> None:
    watcher = watcher_of()
    watcher.hear_state(state(1, is_final=True))
    watcher.hear_event(event(1))

    *before, last = taken(watcher)

    assert [frame.splitlines()[0] for frame in before] == ["id: 1", "state 1"]
    assert '"reason": "job_ended"' in last
    assert watcher.has_ended


def test_an_ended_job_ends_no_stream_that_has_yet_to_read_what_it_missed() -> None:
    watcher = watcher_of()
    watcher.hear_state(state(1, is_final=True))
    watcher.know(Present(Snapshot.parse("1:1:"), 0, [state(1, is_final=True)]))

    watcher.fall_behind()

    assert taken(watcher) == []
    assert not watcher.has_ended
    watcher.end(KEY_ENDED)
    assert '"reason": "key_ended"' in taken(watcher)[0]


def test_a_short_absence_of_the_database_is_told_only_to_those_who_noticed() -> None:
    watcher = watcher_of()

    watcher.degrade(True)
    watcher.degrade(False)
    assert taken(watcher) == []

    watcher.degrade(True)
    assert taken(watcher)[0].startswith("event: degraded")
    watcher.degrade(False)
    assert taken(watcher)[0].startswith("event: recovered")


def test_a_keep_alive_is_a_comment() -> None:
    watcher = watcher_of()

    watcher.keep_alive()

    assert taken(watcher) == [": keep-alive"]
    assert taken(watcher) == []
