"""How large a medium may be."""

from __future__ import annotations

from dataclasses import dataclass

from workers.processors.base import ProcessingFailed

_MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class SizeLimit:
    """A limit in megabytes of 2**20 bytes; a medium of just so many passes."""

    megabytes: int

    def check(self, size: int) -> None:
        """Raises ProcessingFailed `media_too_large` for a medium known to have `size` bytes."""
        if size > self._bytes:
            raise self._failure(f"{size / _MEGABYTE:.0f} MB")

    def check_so_far(self, received: int) -> None:
        """The same for a medium of which `received` bytes have come."""
        if received > self._bytes:
            raise self._failure(f"more than {self.megabytes} MB")

    @property
    def _bytes(self) -> int:
        return self.megabytes * _MEGABYTE

    def _failure(self, size: str) -> ProcessingFailed:
        return ProcessingFailed(
            "media_too_large",
            f"the medium has {size}; BACKSCROLL_MAX_MEDIA_MB allows {self.megabytes} MB",
        )
