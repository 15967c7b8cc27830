"""What is known of an item that is given up, and when one not wanted any more is asked about."""

from __future__ import annotations

import asyncio
import threading
from decimal import Decimal

import pytest

from demo.stand_in import Behaviour, StandIn
from tests.workers.providers.conftest import Speech
from workers.providers.errand import Errand, NotWanted


@pytest.mark.parametrize("is_sent", [True, False])
def test_a_request_that_is_given_up_is_on_the_errand_if_it_was_sent(
    stand_in: StandIn, speech: Speech, is_sent: bool
) -> None:
    has_come, waits = threading.Event(), asyncio.Event()
    stand_in.plan("openai", Behaviour(), Behaviour(hold=threading.Event(), has_come=has_come))

    async def run() -> list[Decimal]:
        async with speech() as transcribe:

            async def page() -> None:
                await transcribe(1)

            async def work() -> None:
                # in tasks of its own, as the pages of a document are read
                async with asyncio.TaskGroup() as pages:
                    pages.create_task(page())
                if not is_sent:
                    waits.set()
                    await asyncio.Event().wait()
                await transcribe(7)

            with Errand(float("-inf")) as asked:
                item = asyncio.create_task(work())
                if is_sent:
                    assert await asyncio.to_thread(has_come.wait, 20)
                else:
                    await waits.wait()
                item.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await item
        return [each.audio_seconds for each in asked.billed]

    assert asyncio.run(run()) == ([Decimal("5.0"), Decimal(7)] if is_sent else [Decimal("5.0")])


@pytest.mark.parametrize(
    ("first", "asks", "is_answered"),
    [(Behaviour(429), 2, False), (Behaviour(500), 2, False), (Behaviour(resets=True), 1, True)],
)
def test_an_item_not_wanted_any_more_is_not_asked_about_unless_it_may_have_been_billed(
    stand_in: StandIn, speech: Speech, first: Behaviour, asks: int, is_answered: bool
) -> None:
    stand_in.plan("openai", first)
    asked = 0

    async def confirm() -> None:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise NotWanted

    async def run() -> bool:
        async with speech() as transcribe:
            with Errand(float("-inf")) as item:
                item.confirm = confirm
                try:
                    await transcribe()
                except NotWanted:
                    return False
        return True

    assert asyncio.run(run()) == is_answered
    assert asked == asks


def test_lost_answers_are_on_the_errand(stand_in: StandIn, speech: Speech) -> None:
    stand_in.plan("openai", Behaviour(resets=True), Behaviour(500))

    async def run() -> list[Decimal]:
        async with speech() as transcribe:
            with Errand(float("-inf")) as asked:
                await transcribe(7)
        return [each.audio_seconds for each in asked.billed]

    assert asyncio.run(run()) == [Decimal(7), Decimal("5.0")]
