"""A provider is asked again when that helps, and never more often than it may cost."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from demo.stand_in import Behaviour, StandIn, digest
from tests.workers.providers.conftest import CountingGate, Time
from workers.processors.base import ProcessingFailed, ProvidersAway
from workers.providers import groq, openai
from workers.providers.answers import Answer
from workers.providers.errand import NotWanted, errand
from workers.providers.exchange import Account, Exchange
from workers.providers.timing import Patience

SOUND = b"sound" * 2000
"""5 seconds to the stand-in."""
QUOTA = {"message": "You exceeded your current quota.", "code": "insufficient_quota"}
Ask = Callable[..., list[Answer | Exception]]


@pytest.fixture
def ask(stand_in: StandIn, time: Time, gate: CountingGate, tmp_path: Path) -> Ask:
    """Has one client of OpenAI transcribe, once or more often, and tells what came of it."""
    sound = tmp_path / "sound.ogg"
    sound.write_bytes(SOUND)

    def ask(
        times: int = 1,
        *,
        key: str = "sk-secret-of-mine",
        together: bool = False,
        base_url: str | None = None,
        between: Callable[[], None] = lambda: None,
        patience: Patience = Patience(timeout=0.5),  # noqa: B008
    ) -> list[Answer | Exception]:
        async def run() -> list[Answer | Exception]:
            account = Account("openai", base_url or stand_in.base_url("openai"), key, "OPENAI")
            exchange = Exchange(account, gate, patience, time.clock)
            speech = openai.transcriber(exchange, "whisper-1", "")

            async def once() -> Answer | Exception:
                try:
                    return await speech.transcribe(
                        sound, seconds=Decimal(5), language=None, caption=None
                    )
                except (ProcessingFailed, ProvidersAway) as error:
                    return error

            try:
                if together:
                    return list(await asyncio.gather(*(once() for _ in range(times))))
                outcomes = []
                for turn in range(times):
                    if turn:
                        between()
                    outcomes.append(await once())
                return outcomes
            finally:
                await exchange.close()

        return asyncio.run(run())

    return ask


def test_an_answer_carries_text_language_and_what_it_used(stand_in: StandIn, ask: Ask) -> None:
    (answer,) = ask()

    assert isinstance(answer, Answer)
    assert answer.text == f"spoken words of {digest(SOUND)}"
    assert answer.language == "en"
    (usage,) = answer.usage
    assert usage.audio_seconds == Decimal("5.0")
    assert (usage.provider, usage.model, usage.input_tokens) == ("openai", "whisper-1", 0)
    assert stand_in.received[0].key == "sk-secret-of-mine"


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_a_fault_of_the_provider_is_asked_again_with_growing_pauses(
    stand_in: StandIn, time: Time, ask: Ask, status: int
) -> None:
    stand_in.plan("openai", *[Behaviour(status)] * 3)

    (answer,) = ask()

    assert isinstance(answer, Answer)
    assert len(answer.usage) == 1
    assert time.slept == [0.5, 1.0, 2.0]


def test_pauses_are_jittered_from_nothing_to_their_bound(
    stand_in: StandIn, time: Time, ask: Ask
) -> None:
    stand_in.plan("openai", *[Behaviour(500)] * 3)
    time.chance = 0.25

    ask()

    assert time.slept == [0.125, 0.25, 0.5]


def test_an_outage_ends_in_providers_away_with_a_reason(stand_in: StandIn, ask: Ask) -> None:
    stand_in.always("openai", Behaviour(503, {"message": "overloaded"}))

    (away,) = ask()

    assert isinstance(away, ProvidersAway)
    assert stand_in.asked("openai") == 4
    assert away.reason == (
        "openai does not answer (503 overloaded; asked 4 times); resume when it is back"
    )
    assert away.usage == ()


@pytest.mark.parametrize(("attempts", "often"), [(1, "once"), (2, "twice"), (3, "3 times")])
def test_it_says_how_often_it_asked(stand_in: StandIn, ask: Ask, attempts: int, often: str) -> None:
    stand_in.always("openai", Behaviour(503, {"message": "overloaded"}))

    (away,) = ask(patience=Patience(timeout=0.5, attempts=attempts))

    assert isinstance(away, ProvidersAway)
    assert f"asked {often})" in away.reason


def test_nobody_listening_is_an_outage(time: Time, ask: Ask) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"

    (away,) = ask(base_url=address)

    assert isinstance(away, ProvidersAway)
    assert away.usage == ()
    assert len(time.slept) == 3


@pytest.mark.parametrize(
    "broken",
    [
        Behaviour(resets=True),
        Behaviour(hangs_up_after=10),
        Behaviour(body=b'{"text": "cut of'),
        Behaviour(body=b"[]"),
        Behaviour(answer={"words": "none"}),
        Behaviour(bytes_per_second=20),
    ],
    ids=["reset", "hung up", "malformed", "no object", "no text", "trickle"],
)
def test_a_request_that_may_have_been_billed_is_sent_once_more_and_counted(
    stand_in: StandIn, ask: Ask, broken: Behaviour
) -> None:
    stand_in.plan("openai", broken)

    (answer,) = ask()

    assert isinstance(answer, Answer)
    assert [each.audio_seconds for each in answer.usage] == [Decimal("5.0")] * 2
    assert sum(each.audio_seconds for each in stand_in.billed) == 10


def test_a_timeout_after_sending_is_sent_once_more_and_no_more(stand_in: StandIn, ask: Ask) -> None:
    stand_in.always("openai", Behaviour(hold=threading.Event()))

    (away,) = ask()

    assert isinstance(away, ProvidersAway)
    assert stand_in.asked("openai") == 2
    assert "no answer within 0.5 s" in away.reason
    assert [each.audio_seconds for each in away.usage] == [Decimal(5)] * 2


def test_nonsense_fails_the_medium_alone_until_it_comes_again_and_again(
    stand_in: StandIn, ask: Ask
) -> None:
    stand_in.always("openai", Behaviour(body=b"gibberish"))

    first, second, third = ask(3)

    assert isinstance(first, ProcessingFailed)
    assert isinstance(second, ProcessingFailed)
    assert (first.code, len(first.usage)) == ("provider_error", 2)
    assert isinstance(third, ProvidersAway)


def test_a_web_page_means_a_wrong_address(stand_in: StandIn, ask: Ask) -> None:
    page = Behaviour(body=b"<html>", headers={"Content-Type": "text/html; charset=utf-8"})
    stand_in.plan("openai", page)

    (away,) = ask()

    assert isinstance(away, ProvidersAway)
    assert "check OPENAI_BASE_URL" in away.reason


def test_retry_after_is_honoured_and_told_to_the_others(
    stand_in: StandIn, time: Time, gate: CountingGate, ask: Ask
) -> None:
    time.chance = 0
    stand_in.plan("openai", Behaviour(429, headers={"Retry-After": "7"}))

    (answer,) = ask()

    assert isinstance(answer, Answer)
    assert time.slept == [7.0]
    assert gate.hints == [("openai", 7.0)]


def test_retry_after_may_be_a_date(stand_in: StandIn, time: Time, ask: Ask) -> None:
    time.chance = 0
    stand_in.plan(
        "openai", Behaviour(503, headers={"Retry-After": "Mon, 23 Nov 2026 12:00:09 GMT"})
    )

    ask()

    assert time.slept == [9.0]


def test_a_busy_provider_is_waited_for_longer_than_a_broken_one(
    stand_in: StandIn, ask: Ask
) -> None:
    stand_in.plan("openai", *[Behaviour(429, headers={"Retry-After": "20"})] * 10)

    (answer,) = ask()

    assert isinstance(answer, Answer)
    assert stand_in.asked("openai") == 11


def test_a_provider_busy_for_ever_is_away(stand_in: StandIn, time: Time, ask: Ask) -> None:
    stand_in.always("openai", Behaviour(429, {"message": "slow down"}))

    (away,) = ask()

    assert isinstance(away, ProvidersAway)
    assert 280 < time.passed < 330
    assert "too busy" in away.reason


def test_a_provider_that_wants_an_hour_is_away_for_an_hour_and_holds_nobody_up(
    stand_in: StandIn, time: Time, gate: CountingGate, ask: Ask
) -> None:
    stand_in.plan("openai", Behaviour(429, headers={"Retry-After": "3600"}))

    def half_an_hour() -> None:
        time.passed += 1801

    first, second, third = ask(3, between=half_an_hour)

    assert isinstance(first, ProvidersAway)
    assert isinstance(second, ProvidersAway)
    assert isinstance(third, Answer)
    assert time.slept == []
    # Who waits at the gate cannot ask the next provider.
    assert gate.hints == []


@pytest.mark.parametrize(
    ("behaviour", "says"),
    [
        (Behaviour(401, {"message": "wrong"}), "put a valid one into OPENAI_API_KEY"),
        (Behaviour(403, {"message": "no access"}), "does not accept the key"),
        (Behaviour(429, QUOTA), "the quota is used up"),
        (Behaviour(400, {"message": "API key not valid."}), "does not accept the key"),
        (Behaviour(402, {"message": "pay"}), "the quota is used up"),
        (Behaviour(404, {"message": "no such model"}), "the model whisper-1"),
        (Behaviour(307, headers={"Location": "https://x.example/"}), "check OPENAI_BASE_URL"),
    ],
    ids=["401", "403", "quota", "400", "402", "404", "redirect"],
)  # fmt: skip
def test_what_concerns_every_request_alike_is_asked_once(
    stand_in: StandIn, time: Time, ask: Ask, behaviour: Behaviour, says: str
) -> None:
    stand_in.always("openai", behaviour)

    first, second = ask(2)

    assert isinstance(first, ProvidersAway)
    assert says in first.reason
    assert first.usage == ()
    assert isinstance(second, ProvidersAway)
    assert second.reason == first.reason
    assert stand_in.asked("openai") == 1
    assert time.slept == []


def test_a_provider_found_away_is_probed_by_one_request_and_comes_back(
    stand_in: StandIn, time: Time, ask: Ask
) -> None:
    stand_in.plan("openai", Behaviour(401), Behaviour(503))

    def later() -> None:
        time.passed += 15

    outcomes = ask(4, between=later)

    assert [type(each) for each in outcomes] == [ProvidersAway, ProvidersAway, Answer, Answer]
    assert time.slept == []


def test_of_many_only_one_probes(stand_in: StandIn, time: Time, ask: Ask) -> None:
    stand_in.always("openai", Behaviour(401))
    asked: list[int] = []

    async def run() -> None:
        account = Account("openai", stand_in.base_url("openai"), "k", "OPENAI")
        exchange = Exchange(account, CountingGate(), Patience(), time.clock)
        speech = openai.transcriber(exchange, "whisper-1", "")

        async def once() -> None:
            with pytest.raises(ProvidersAway):
                await speech.transcribe(
                    Path(__file__), seconds=Decimal(1), language=None, caption=None
                )

        await once()
        time.passed += 15
        asked.append(stand_in.asked("openai"))
        await asyncio.gather(*(once() for _ in range(8)))
        asked.append(stand_in.asked("openai"))
        await exchange.close()

    asyncio.run(run())

    assert asked == [1, 2]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, {"message": "The audio file could not be decoded or its format is not supported."}),
        (413, {"message": "too large"}),
        (400, {"message": "unsafe", "code": "content_policy_violation"}),
    ],
)
def test_a_bad_medium_fails_alone(
    stand_in: StandIn, ask: Ask, status: int, error: dict[str, str]
) -> None:
    stand_in.plan("openai", Behaviour(status, error))

    failure, answer = ask(2)

    assert isinstance(failure, ProcessingFailed)
    assert failure.code == "provider_refused"
    assert error["message"] in failure.message
    assert isinstance(answer, Answer)


def test_a_medium_that_upsets_a_provider_which_answers_others_fails_alone(
    stand_in: StandIn, time: Time, gate: CountingGate, tmp_path: Path
) -> None:
    (tmp_path / "good").write_bytes(b"good")
    (tmp_path / "bad").write_bytes(b"bad")
    stand_in.plan("openai", Behaviour(500))

    async def run() -> Exception | None:
        account = Account("openai", stand_in.base_url("openai"), "k", "OPENAI")
        exchange = Exchange(account, gate, Patience(attempts=2), time.clock)
        speech = openai.transcriber(exchange, "whisper-1", "")

        async def transcribe(name: str) -> Answer:
            return await speech.transcribe(
                tmp_path / name, seconds=Decimal(1), language=None, caption=None
            )

        async def answer_another_then_fail(seconds: float) -> None:
            time.passed += seconds
            await transcribe("good")
            stand_in.plan("openai", Behaviour(500))

        object.__setattr__(exchange._clock, "sleep", answer_another_then_fail)
        try:
            await transcribe("bad")
        except (ProcessingFailed, ProvidersAway) as error:
            return error
        finally:
            await exchange.close()
        return None

    failure = asyncio.run(run())

    assert isinstance(failure, ProcessingFailed)
    assert failure.code == "provider_error"
    assert "failed twice" in failure.message


def test_no_key_is_ever_told(stand_in: StandIn, ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    key = "sk-proj-0123456789abcdef"
    said = f"Incorrect API key provided: {key}, or was it sk-proj-****cdef?"
    stand_in.plan("openai", Behaviour(401, {"message": said}))
    caplog.set_level("DEBUG")

    (away,) = ask(key=key)

    assert isinstance(away, ProvidersAway)
    assert "cdef" not in away.reason
    assert "0123456789" not in away.reason
    assert key not in caplog.text
    assert key not in repr(Account("openai", "http://x", key, "OPENAI"))


def test_every_request_passes_the_gate_and_nobody_waits_inside(
    stand_in: StandIn, time: Time, gate: CountingGate, ask: Ask
) -> None:
    stand_in.plan("openai", Behaviour(500), Behaviour(429))
    inside: list[int] = []
    original = time.sleep

    async def sleep(seconds: float) -> None:
        inside.append(gate.inside)
        await original(seconds)

    object.__setattr__(time, "sleep", sleep)

    ask()

    assert gate.entered == ["openai"] * 3
    assert inside == [0, 0]


class Together(threading.Event):
    """Is waited for until so many wait for it."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._barrier = threading.Barrier(count)

    def wait(self, timeout: float | None = None) -> bool:
        self._barrier.wait(timeout)
        return True


def test_requests_go_side_by_side_over_one_client(stand_in: StandIn, ask: Ask) -> None:
    stand_in.default = Behaviour(hold=Together(8))

    answers = ask(8, together=True, patience=Patience(timeout=20))

    assert all(isinstance(each, Answer) for each in answers)
    assert stand_in.most_at_once == 8


def test_without_a_key_no_authorization_is_sent(stand_in: StandIn, ask: Ask) -> None:
    ask(key="")

    assert "authorization" not in stand_in.received[0].headers


def test_groq_is_asked_at_its_own_address(stand_in: StandIn, tmp_path: Path, time: Time) -> None:
    (tmp_path / "a.ogg").write_bytes(SOUND)

    async def run() -> Answer:
        account = Account("groq", stand_in.base_url("groq"), "gsk-1", "GROQ")
        exchange = Exchange(account, CountingGate(), Patience(), time.clock)
        try:
            return await groq.transcriber(exchange, "whisper-large-v3-turbo", "").transcribe(
                tmp_path / "a.ogg", seconds=Decimal(1), language="pt-BR", caption=None
            )
        finally:
            await exchange.close()

    answer = asyncio.run(run())

    assert answer.usage[0].provider == "groq"
    (received,) = stand_in.received
    assert received.provider == "groq"
    assert received.fields["language"] == "pt"
    assert received.fields["model"] == "whisper-large-v3-turbo"
    assert received.media == (("audio/ogg", SOUND),)


def test_a_cancelled_request_ends_at_once_and_leaves_the_provider_in_reach(
    stand_in: StandIn, time: Time, gate: CountingGate, tmp_path: Path
) -> None:
    (tmp_path / "a.ogg").write_bytes(SOUND)
    has_come = threading.Event()
    held = Behaviour(hold=threading.Event(), has_come=has_come)
    stand_in.plan("openai", Behaviour(401), held)

    async def run() -> Answer:
        account = Account("openai", stand_in.base_url("openai"), "k", "OPENAI")
        exchange = Exchange(account, gate, Patience(), time.clock)
        speech = openai.transcriber(exchange, "whisper-1", "")

        async def transcribe() -> Answer:
            return await speech.transcribe(
                tmp_path / "a.ogg", seconds=Decimal(1), language=None, caption=None
            )

        try:
            with pytest.raises(ProvidersAway):
                await transcribe()
            time.passed += 15
            probe = asyncio.create_task(transcribe())
            assert await asyncio.to_thread(has_come.wait, 20)
            probe.cancel()
            with pytest.raises(asyncio.CancelledError):
                await probe
            return await transcribe()
        finally:
            await exchange.close()

    assert asyncio.run(run()).text
    assert gate.inside == 0


@pytest.mark.parametrize("is_sent", [True, False])
def test_a_request_that_is_given_up_is_on_the_errand_if_it_was_sent(
    stand_in: StandIn, time: Time, gate: CountingGate, tmp_path: Path, is_sent: bool
) -> None:
    (tmp_path / "a.ogg").write_bytes(SOUND)
    has_come, waits = threading.Event(), asyncio.Event()
    stand_in.plan("openai", Behaviour(), Behaviour(hold=threading.Event(), has_come=has_come))

    async def run() -> list[Decimal]:
        account = Account("openai", stand_in.base_url("openai"), "k", "OPENAI")
        exchange = Exchange(account, gate, Patience(), time.clock)
        speech = openai.transcriber(exchange, "whisper-1", "")

        async def transcribe(seconds: int) -> None:
            await speech.transcribe(
                tmp_path / "a.ogg", seconds=Decimal(seconds), language=None, caption=None
            )

        async def work() -> None:
            # in tasks of its own, as the pages of a document are read
            async with asyncio.TaskGroup() as pages:
                pages.create_task(transcribe(1))
            if not is_sent:
                waits.set()
                await asyncio.Event().wait()
            await transcribe(7)

        with errand(float("-inf")) as asked:
            item = asyncio.create_task(work())
            if is_sent:
                assert await asyncio.to_thread(has_come.wait, 20)
            else:
                await waits.wait()
            item.cancel()
            with pytest.raises(asyncio.CancelledError):
                await item
        await exchange.close()
        return [each.audio_seconds for each in asked.billed]

    assert asyncio.run(run()) == ([Decimal("5.0"), Decimal(7)] if is_sent else [Decimal("5.0")])


@pytest.mark.parametrize(
    ("first", "asks", "is_answered"),
    [(Behaviour(429), 2, False), (Behaviour(500), 2, False), (Behaviour(resets=True), 1, True)],
)
def test_an_item_not_wanted_any_more_is_not_asked_about_unless_it_may_have_been_billed(
    stand_in: StandIn,
    time: Time,
    gate: CountingGate,
    tmp_path: Path,
    first: Behaviour,
    asks: int,
    is_answered: bool,
) -> None:
    (tmp_path / "a.ogg").write_bytes(SOUND)
    stand_in.plan("openai", first)
    asked = 0

    async def confirm() -> None:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise NotWanted

    async def run() -> bool:
        account = Account("openai", stand_in.base_url("openai"), "k", "OPENAI")
        exchange = Exchange(account, gate, Patience(), time.clock)
        with errand(float("-inf")) as item:
            item.confirm = confirm
            try:
                await openai.transcriber(exchange, "whisper-1", "").transcribe(
                    tmp_path / "a.ogg", seconds=Decimal(7), language=None, caption=None
                )
            except NotWanted:
                return False
            finally:
                await exchange.close()
        return True

    assert asyncio.run(run()) == is_answered
    assert asked == asks


def test_lost_answers_are_on_the_errand(
    stand_in: StandIn, time: Time, gate: CountingGate, tmp_path: Path
) -> None:
    (tmp_path / "a.ogg").write_bytes(SOUND)
    stand_in.plan("openai", Behaviour(resets=True), Behaviour(500))

    async def run() -> list[Decimal]:
        account = Account("openai", stand_in.base_url("openai"), "k", "OPENAI")
        exchange = Exchange(account, gate, Patience(), time.clock)
        with errand(float("-inf")) as asked:
            await openai.transcriber(exchange, "whisper-1", "").transcribe(
                tmp_path / "a.ogg", seconds=Decimal(7), language=None, caption=None
            )
        await exchange.close()
        return [each.audio_seconds for each in asked.billed]

    assert asyncio.run(run()) == [Decimal(7), Decimal("5.0")]


@pytest.mark.parametrize("stumbles", [[], [Behaviour(500)], [Behaviour(429)]])
def test_for_a_job_resumed_since_a_provider_found_away_is_asked_at_once_and_in_earnest(
    stand_in: StandIn,
    time: Time,
    gate: CountingGate,
    tmp_path: Path,
    stumbles: list[Behaviour],
) -> None:
    (tmp_path / "a.ogg").write_bytes(SOUND)
    stand_in.plan("openai", Behaviour(429, QUOTA), *stumbles)

    async def run() -> list[str | None]:
        account = Account("openai", stand_in.base_url("openai"), "k", "OPENAI")
        exchange = Exchange(account, gate, Patience(), time.clock)
        speech = openai.transcriber(exchange, "whisper-1", "")

        async def ask(since: float) -> str | None:
            with errand(since):
                try:
                    await speech.transcribe(
                        tmp_path / "a.ogg", seconds=Decimal(1), language=None, caption=None
                    )
                except ProvidersAway as away:
                    return away.reason
            return None

        first = await ask(since=0)
        time.passed += 1
        stale = await ask(since=0)
        resumed = await asyncio.gather(*(ask(since=1) for _ in range(8)))
        await exchange.close()
        return [first, stale, *resumed]

    first, stale, *resumed = asyncio.run(run())

    assert first is not None
    assert "add credit" in first
    assert stale == first
    assert resumed == [None] * 8
