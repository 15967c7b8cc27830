"""Which processors turn which content type into text.

A new processor is one file and one line in `build_registry`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from workers.processors.base import Extraction, Medium, ProcessingFailed, Processor
from workers.processors.document import DocumentProcessor
from workers.processors.image import ImageProcessor
from workers.processors.limits import DocumentLimits, ImageLimits
from workers.sandbox import Sandbox

WITHOUT_PROCESSOR = {
    "audio": "no speech-to-text provider is configured; configure one, then process again",
    "video": "no provider for videos is configured; configure one, then process again",
}


class Registry:
    """The chain of processors of each content type; itself a Processor."""

    def __init__(self, chains: Mapping[str, Sequence[Processor]]) -> None:
        self._chains = {content_type: tuple(chain) for content_type, chain in chains.items()}

    async def process(self, medium: Medium) -> Extraction:
        """What the first processor that supports the file's format makes of it.

        Raises ProcessingFailed: `no_provider` if the content type has no processor, and otherwise
        what the processor raised; if none supports the format, what the first one raised.
        """
        unsupported: ProcessingFailed | None = None
        for processor in self._chains.get(medium.content_type, ()):
            try:
                return await processor.process(medium)
            except ProcessingFailed as failure:
                if failure.code != "unsupported_format":
                    raise
                unsupported = unsupported or failure
        if unsupported is not None:
            raise unsupported
        what_to_do = WITHOUT_PROCESSOR.get(
            medium.content_type, f"no provider for {medium.content_type} is configured"
        )
        raise ProcessingFailed("no_provider", what_to_do)

    async def close(self) -> None:
        """Closes every processor once, however many chains it is in."""
        processors = {id(each): each for chain in self._chains.values() for each in chain}
        await asyncio.gather(*(processor.close() for processor in processors.values()))


def build_registry(
    *,
    document_limits: DocumentLimits | None = None,
    document_processes: int = 2,
    document_memory_mb: int = 800,
    document_timeout_seconds: float = 60.0,
    image_limits: ImageLimits | None = None,
    image_processes: int = 1,
    image_memory_mb: int = 2000,
    image_timeout_seconds: float = 60.0,
    image_threads: int = 0,
) -> Registry:
    """The processors that need no provider. Nothing is started before the first medium.

    Each content type has both: platforms declare a photo sent as a file, or a pdf among photos,
    as they please, and the content decides.
    """
    image = ImageProcessor(
        Sandbox("images", processes=image_processes, memory_mb=image_memory_mb),
        image_limits or ImageLimits(),
        timeout_seconds=image_timeout_seconds,
        threads=image_threads,
    )
    document = DocumentProcessor(
        Sandbox("documents", processes=document_processes, memory_mb=document_memory_mb),
        document_limits or DocumentLimits(),
        timeout_seconds=document_timeout_seconds,
        page_reader=image,
    )
    return Registry({"document": (document, image), "image": (image, document)})
