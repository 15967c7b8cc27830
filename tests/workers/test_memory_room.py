"""Sandboxes share a room of memory: nobody gets more than is there, and everybody gets a turn."""

import asyncio

from workers.memory_room import MemoryRoom


class Child:
    """A process that only counts how often it was ended."""

    def __init__(self):
        self.ends = 0

    async def end(self):
        self.ends += 1


def is_granted(taking):
    return taking.done() and not taking.cancelled()


async def settle():
    """Lets every task go as far as it can."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_a_call_waits_until_its_share_is_there():
    async def scenario():
        room = MemoryRoom(100)
        await room.take(60, "documents")
        second = asyncio.create_task(room.take(60, "media"))
        await settle()
        assert not is_granted(second)

        room.give(60)

        await second

    asyncio.run(scenario())


def test_who_asks_for_everything_is_not_passed_by():
    async def scenario():
        room = MemoryRoom(100)
        await room.take(60, "documents")
        whole = asyncio.create_task(room.take(1000, "media"))
        small = asyncio.create_task(room.take(10, "pictures"))
        await settle()
        assert not is_granted(whole)
        assert not is_granted(small)

        room.give(60)
        await whole
        assert not is_granted(small)
        room.give(1000)

        await small

    asyncio.run(scenario())


def test_a_resting_process_goes_on_with_its_owners_next_call():
    async def scenario():
        room, child = MemoryRoom(100), Child()
        await room.take(60, "documents")
        room.rest(child, 30, "documents", share=60)

        assert await room.take(90, "documents") is child
        assert child.ends == 0

    asyncio.run(scenario())


def test_a_resting_process_is_ended_when_another_needs_its_room():
    async def scenario():
        room, old, young = MemoryRoom(100), Child(), Child()
        await room.take(30, "documents")
        await room.take(30, "documents")
        room.rest(old, 30, "documents", share=30)
        room.rest(young, 30, "documents", share=30)

        assert await room.take(60, "media") is None

        assert (old.ends, young.ends) == (1, 0)

    asyncio.run(scenario())


def test_a_call_that_is_cancelled_while_it_waits_leaves_the_line():
    async def scenario():
        room = MemoryRoom(100)
        await room.take(60, "documents")
        whole = asyncio.create_task(room.take(100, "media"))
        small = asyncio.create_task(room.take(40, "pictures"))
        await settle()

        whole.cancel()
        await asyncio.gather(whole, return_exceptions=True)

        await small

    asyncio.run(scenario())
