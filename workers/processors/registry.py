"""Which processors turn which content type into text."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from typing import Protocol

from workers.processors.base import (
    Extraction,
    Instant,
    Medium,
    ProcessingFailed,
    Processor,
    Usage,
)
from workers.processors.chain import Paid, first_text, is_of_another_kind

ENTRY_POINTS = "backscroll.processors"
"""The group in which other packages name their processors."""

BUILT_IN = ("local", "groq", "openai", "google")

WITHOUT_PROCESSOR = {
    "audio": "no speech-to-text provider is configured; configure one, then process again",
    "video": "no provider for videos is configured; configure one, then process again",
}


class Closable(Protocol):
    """Holds processes or connections."""

    async def close(self) -> None:
        """Gives them back. Calling twice is safe."""
        ...


class UnknownProcessor(Exception):
    """A chain names somebody whom neither Backscroll nor another package brings."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Who is asked for one content type, in order."""

    processors: Sequence[Processor] = ()
    stand_ins: Sequence[Processor] = ()
    """Asked last, and not while one of `processors` is away."""

    def then(self, other: Chain) -> Chain:
        """The other's after one's own; nobody at all if one has none of one's own."""
        if not self.processors and not self.stand_ins:
            return self
        return Chain((*self.processors, *other.processors), (*self.stand_ins, *other.stand_ins))


_NOBODY = Chain()


class Registry:
    """The chain of each content type; itself a Processor."""

    def __init__(
        self,
        chains: Mapping[str, Sequence[Processor] | Chain],
        *,
        language: str | None = None,
        also_closed: Sequence[Closable] = (),
    ) -> None:
        """`language` is for media for which the user asked for none.

        `also_closed` are used by the processors without being in a chain.
        """
        self._chains = {
            content_type: chain if isinstance(chain, Chain) else Chain(tuple(chain))
            for content_type, chain in chains.items()
        }
        # Looked up once: whether something is a Paid takes longer than asking it.
        self._paid = {
            content_type: tuple(each for each in chain.processors if isinstance(each, Paid))
            for content_type, chain in self._chains.items()
        }
        self._language = language
        self._also_closed = tuple(also_closed)

    async def process(self, medium: Medium) -> Extraction:
        """What the first processor that supports the file's format makes of it.

        Raises ProcessingFailed: `no_provider` if the content type has no processor, and otherwise
        what the processor raised; if none supports the format, what the first one raised. Raises
        ProvidersAway if one that might have done it is away, and none before or after it did.
        """
        if self._language and not medium.language:
            medium = replace(medium, language=self._language)
        chain = self._chains.get(medium.content_type, _NOBODY)
        made = await first_text(
            chain.processors,
            chain.stand_ins,
            lambda processor: processor.process(medium),
            passes_on=is_of_another_kind,
        )
        if made is not None:
            return made
        if chain.processors or chain.stand_ins:
            raise TypeError(f"a processor for {medium.content_type} returned None, no Extraction")
        what_to_do = WITHOUT_PROCESSOR.get(
            medium.content_type, f"no provider for {medium.content_type} is configured"
        )
        raise ProcessingFailed("no_provider", what_to_do)

    def instant(self, content_type: str) -> Instant | None:
        """The processor that is asked first, if there are media that it can do at once."""
        first = self._chains.get(content_type, _NOBODY).processors[:1]
        return first[0] if first and isinstance(first[0], Instant) else None

    def is_free(self, content_type: str) -> bool:
        """Whether nobody in its chain is ever paid."""
        return not any(getattr(each, "may_cost", True) for each in self._paid_of(content_type))

    def models(self, content_type: str) -> tuple[str, ...]:
        """The models of the providers in a chain, in order; none of those that work locally."""
        models = (each.model for each in self._paid_of(content_type))
        return tuple(dict.fromkeys(filter(None, models)))

    def providers(self, content_type: str) -> list[tuple[str, str]]:
        """The (provider, model) pairs of a chain, in order; none of those that work locally."""
        return [
            (each.provider, each.model) for each in self._paid_of(content_type) if each.provider
        ]

    async def may_use(self, medium: Medium) -> list[Usage]:
        """The most that each provider of the chain can use that may be asked about the medium.

        Raises ProcessingFailed as `process` does.
        """
        most = []
        for processor in self._paid_of(medium.content_type):
            try:
                usage = await processor.most_usage(medium)
            except ProcessingFailed as failure:
                if not is_of_another_kind(failure):
                    raise
            else:
                most += [usage] if usage else []
        return most

    def _paid_of(self, content_type: str) -> Sequence[Paid]:
        return self._paid.get(content_type, ())

    async def close(self) -> None:
        """Closes every processor once, however many chains it is in."""
        chained = (
            each
            for chain in self._chains.values()
            for each in (*chain.processors, *chain.stand_ins)
        )
        processors: dict[int, Closable] = {id(each): each for each in chained}
        processors |= {id(each): each for each in self._also_closed}
        await asyncio.gather(*(processor.close() for processor in processors.values()))


def chain_of(
    names: Sequence[str],
    online: Mapping[str, Processor],
    local: Sequence[Processor],
    *,
    local_when_away: bool,
) -> Chain:
    """The chain that a setting describes.

    `local` stands for `local`, and is a stand-in if an online provider comes before it, unless
    `local_when_away`. Other names are those in `online`, or of other packages' entry points; they
    are left out when they are providers that are not configured.

    Raises UnknownProcessor.
    """
    processors: list[Processor] = []
    stand_ins: list[Processor] = []
    has_online = False
    for name in names:
        if name == "local":
            (stand_ins if has_online and not local_when_away else processors).extend(local)
        elif name in online:
            processors.append(online[name])
            has_online = True
        elif name not in BUILT_IN:
            processors.append(load_processor(name))
    return Chain(processors, stand_ins)


def names_others(names: Sequence[str]) -> bool:
    """Whether a chain names processors of other packages."""
    return any(name not in BUILT_IN for name in names)


def load_processor(name: str) -> Processor:
    """The processor that another package registered under this name. Raises UnknownProcessor."""
    for entry_point in entry_points(group=ENTRY_POINTS, name=name):
        made: Processor = entry_point.load()()
        return made
    known = sorted(each.name for each in entry_points(group=ENTRY_POINTS))
    also = f", {', '.join(known)}" if known else ""
    raise UnknownProcessor(
        f"there is no processor {name}; there are local, groq, openai, google{also}"
    )
