"""The settings: environment variables, each with a default that works on one machine."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingsError(Exception):
    """A setting cannot be used; the text names it and says what is allowed."""


class Settings(BaseSettings):
    """All settings. Times in seconds, sizes in megabytes (2**20 bytes)."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, populate_by_name=True)

    database_url: str | None = Field(None, validation_alias="DATABASE_URL")
    """A PostgreSQL 15 to 18, as URL or conninfo; absent: the embedded PostgreSQL."""

    database_listen_url: str | None = Field(None, validation_alias="DATABASE_LISTEN_URL")
    """A direct address for LISTEN where DATABASE_URL is that of a transaction pooler."""

    home: Path = Field(Path(".backscroll"), validation_alias="BACKSCROLL_HOME")
    """The data folder: the embedded PostgreSQL, and media if no other folder is named."""

    media_root: Path | None = Field(None, validation_alias="BACKSCROLL_MEDIA_ROOT")
    """The folder that `media_local_path` is relative to; absent: `media` in the home."""

    bind: str = Field("127.0.0.1:8000", validation_alias="BACKSCROLL_BIND")

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", validation_alias="BACKSCROLL_LOG_LEVEL"
    )

    embedded_postgres: Literal[16, 18] = Field(18, validation_alias="BACKSCROLL_EMBEDDED_POSTGRES")
    """The version of the embedded PostgreSQL; each has a data folder of its own."""

    concurrency: int = Field(32, ge=1, le=1000, validation_alias="BACKSCROLL_CONCURRENCY")
    """Items in flight in one worker process."""

    max_media_mb: int = Field(100, ge=1, validation_alias="BACKSCROLL_MAX_MEDIA_MB")
    download_timeout: float = Field(120, gt=0, validation_alias="BACKSCROLL_DOWNLOAD_TIMEOUT")
    """For one medium in all, however slowly it trickles in."""

    processor_timeout: float = Field(60, gt=0, validation_alias="BACKSCROLL_PROCESSOR_TIMEOUT")
    """For one file in a parser; then the parser is killed and the item fails."""

    document_processes: int = Field(
        2, ge=1, le=64, validation_alias="BACKSCROLL_DOCUMENT_PROCESSES"
    )
    ocr_processes: int = Field(1, ge=1, le=64, validation_alias="BACKSCROLL_OCR_PROCESSES")

    cancel_grace: float = Field(10, ge=0, validation_alias="BACKSCROLL_CANCEL_GRACE")
    """How long items in flight may go on after their job was cancelled."""

    stop_grace: float = Field(20, ge=0, validation_alias="BACKSCROLL_STOP_GRACE")
    """How long items in flight may go on after the worker was told to stop."""

    heartbeat: float = Field(2, gt=0, validation_alias="BACKSCROLL_HEARTBEAT")
    worker_timeout: float = Field(10, gt=0, validation_alias="BACKSCROLL_WORKER_TIMEOUT")
    """A worker silent for so long is taken for dead, and its slices are given to others."""

    @property
    def media_folder(self) -> Path:
        """The media folder, absolute; it need not exist."""
        return (self.media_root or self.home / "media").absolute()


def load_settings() -> Settings:
    """The settings of this process's environment. Raises SettingsError."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError(
            "; ".join(
                f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
                for problem in error.errors()
            )
        ) from None
