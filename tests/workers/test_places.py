"""How many items are in which stage: slow addresses and OCR hold up nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from workers.places import ItemRoom, Places, Stage
from workers.results import Item


def item(content_type: str, media_url: str | None = None) -> Item:
    return Item(
        seq=1,
        content_type=content_type,
        mime_type=None,
        local_path=None if media_url else "here.txt",
        media_url=media_url,
        external_id="x",
        caption=None,
        language=None,
    )


LOCAL, REMOTE, PICTURE = item("document"), item("document", "http://x/"), item("image")
SUSPECT = replace(LOCAL, is_suspect=True)
ALONE = replace(SUSPECT, is_alone=True)


def test_as_many_downloads_as_the_concurrency_not_as_there_are_parsers() -> None:
    async def run() -> int:
        places = Places(8, {"document": 1})
        under_way, most = 0, 0
        all_there = asyncio.Event()

        async def fetch() -> None:
            nonlocal under_way, most
            async with places.fetching(REMOTE):
                under_way += 1
                most = max(most, under_way)
                if under_way == 8:
                    all_there.set()
                await all_there.wait()
                under_way -= 1

        await asyncio.wait_for(asyncio.gather(*(fetch() for _ in range(16))), 20)
        return most

    assert asyncio.run(run()) == 8


def test_a_stage_takes_so_many_at_once_in_their_order_whoever_gives_up_waiting() -> None:
    async def run() -> tuple[int, list[int]]:
        stage = Stage(2)
        at_once, most, begun = 0, 0, list[int]()

        async def one(number: int) -> None:
            nonlocal at_once, most
            async with stage:
                begun.append(number)
                at_once += 1
                most = max(most, at_once)
                for _ in range(number % 3):
                    await asyncio.sleep(0)
                at_once -= 1

        tasks = [asyncio.create_task(one(number)) for number in range(12)]
        await asyncio.sleep(0)
        for given_up in (tasks[3], tasks[4], tasks[9]):  # the first of those that wait, and others
            given_up.cancel()
        await asyncio.wait(tasks, timeout=20)
        async with stage, stage:  # all places were given back
            return most, begun

    assert asyncio.run(asyncio.wait_for(run(), 20)) == (2, [0, 1, 2, 5, 6, 7, 8, 10, 11])


def test_addresses_that_never_answer_hold_up_no_local_file() -> None:
    async def run() -> None:
        places = Places(2, {"document": 1})
        for _ in range(2):
            await places.in_hand(REMOTE).take(1)
            await places.fetching(REMOTE).__aenter__()

        async def local() -> None:
            await places.in_hand(LOCAL).take(1)
            async with places.fetching(LOCAL), places.processing(LOCAL):
                pass

        await asyncio.wait_for(local(), 20)

    asyncio.run(run())


def test_pictures_that_wait_for_ocr_hold_up_no_document() -> None:
    async def run() -> None:
        places = Places(2, {"document": 1, "image": 1})
        await places.processing(PICTURE).__aenter__()
        waiting = [asyncio.create_task(places.processing(PICTURE).__aenter__()) for _ in range(5)]
        await asyncio.sleep(0)

        async def document() -> None:
            async with places.processing(LOCAL):
                pass

        await asyncio.wait_for(document(), 20)
        for task in waiting:
            task.cancel()

    asyncio.run(run())


def test_a_content_type_without_a_provider_fails_as_fast_as_the_concurrency_allows() -> None:
    async def run() -> None:
        places = Places(3, {"image": 0})
        for _ in range(3):
            await places.processing(PICTURE).__aenter__()

    asyncio.run(asyncio.wait_for(run(), 20))


def test_what_one_worker_has_died_over_is_in_hand_together_and_beside_others() -> None:
    async def run() -> tuple[int, int]:
        places = Places(8, {"document": 1})
        return await places.in_hand(LOCAL).take(8), await places.in_hand(SUSPECT).take(8)

    assert asyncio.run(asyncio.wait_for(run(), 20)) == (8, 8)


def test_what_two_have_died_over_waits_for_the_others_and_nothing_begins_beside_it() -> None:
    async def run() -> list[str]:
        places = Places(8, {"document": 1})
        happened: list[str] = []

        async def alone() -> None:
            await places.in_hand(ALONE).take(3)
            happened.append("alone begins")

        async def another() -> None:
            await places.in_hand(SUSPECT).take(1)
            happened.append("another begins")

        await places.in_hand(LOCAL).take(2)
        first = asyncio.create_task(alone())
        await asyncio.sleep(0)
        second = asyncio.create_task(another())
        places.in_hand(LOCAL).give()
        await asyncio.sleep(0.01)
        happened.append("the last one ends")
        places.in_hand(LOCAL).give()
        await first
        await asyncio.sleep(0.01)
        happened.append("alone ends")
        places.in_hand(ALONE).give()
        await second
        return happened

    assert asyncio.run(asyncio.wait_for(run(), 20)) == [
        "the last one ends",
        "alone begins",
        "alone ends",
        "another begins",
    ]


def test_it_waits_for_no_other_longer_than_it_may_hold_up_the_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("workers.places._ALONE_SECONDS", 0.01)

    async def run() -> None:
        places = Places(8, {"document": 1})
        await places.in_hand(LOCAL).take(1)
        await places.in_hand(ALONE).take(1)
        await places.in_hand(LOCAL).take(1)

    asyncio.run(asyncio.wait_for(run(), 20))


def test_a_slice_that_is_stopped_while_an_item_waits_to_be_alone_leaves_the_worker_free() -> None:
    async def run() -> None:
        places = Places(8, {"document": 1})
        await places.in_hand(LOCAL).take(1)
        waiting = asyncio.create_task(places.in_hand(ALONE).take(1))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        await places.in_hand(LOCAL).take(1)

    asyncio.run(asyncio.wait_for(run(), 20))


def test_while_all_places_are_taken_a_quarter_more_is_on_its_way_to_them() -> None:
    async def run() -> tuple[int, int]:
        places = Places(40, {"audio": 40})
        note = replace(LOCAL, content_type="audio")
        in_hand = await places.in_hand(note).take(1000)
        processed = 0

        async def process() -> None:
            nonlocal processed
            async with places.processing(note):
                processed += 1
                await asyncio.Event().wait()

        tasks = [asyncio.create_task(process()) for _ in range(in_hand)]
        await _settled()
        for task in tasks:
            task.cancel()
        return in_hand, processed

    assert asyncio.run(run()) == (50, 40)


def test_slices_wait_until_there_is_room_for_their_items_but_small_ones_do_not() -> None:
    async def run() -> None:
        room = ItemRoom(1000)
        entered: list[str] = []
        leave = {name: asyncio.Event() for name in ("first", "second", "third", "small")}

        async def slice_of(count: int, name: str) -> None:
            async with room.taken(count):
                entered.append(name)
                await leave[name].wait()

        async with asyncio.TaskGroup() as slices:
            for count, name in ((500, "first"), (500, "second"), (500, "third"), (32, "small")):
                slices.create_task(slice_of(count, name))
            await _settled()
            assert entered == ["first", "second", "small"]

            leave["small"].set()
            await _settled()
            assert entered == ["first", "second", "small"]

            leave["first"].set()
            await _settled()
            assert entered == ["first", "second", "small", "third"]
            for each in leave.values():
                each.set()

    asyncio.run(run())


def test_a_slice_larger_than_the_room_has_it_for_itself() -> None:
    async def run() -> None:
        room = ItemRoom(100)
        async with asyncio.timeout(20), room.taken(500):
            waiting = asyncio.create_task(room.taken(100).__aenter__())
            await _settled()
            assert not waiting.done()
        async with asyncio.timeout(20):
            await waiting

    asyncio.run(run())


async def _settled() -> None:
    """Returns once everybody who can go on has."""
    for _ in range(20):
        await asyncio.sleep(0)
