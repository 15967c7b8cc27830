"""Getting a message's medium onto the disk: from the media folder, or from its address."""

from workers.fetching.media_fetcher import MediaFetcher

__all__ = ["MediaFetcher"]
