"""The settings: environment variables, each with a default that works on one machine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from psycopg import ProgrammingError, conninfo
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsConfigDict

from app.allowed_hosts import AllowedHosts
from app.provider_settings import ProviderSettings
from app.webhook_secrets import WebhookSecrets


class SettingsError(Exception):
    """A setting cannot be used; the text names it and says what is allowed."""


def _database_address(text: str) -> str:
    try:
        conninfo.conninfo_to_dict(text)
    except ProgrammingError:
        # libpq's own words would repeat the address, and the password in it.
        raise ValueError(
            "an address such as postgresql://user:password@host:5432/database"
        ) from None
    return text


def _upper_case(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def _whole_number(value: Any) -> Any:
    """Environment variables are texts; Literal compares without turning them into numbers."""
    return int(value) if isinstance(value, str) and value.strip().isdecimal() else value


def _host_list(text: str) -> str:
    AllowedHosts.parse(text)
    return text


def _bucket_list(text: str) -> str:
    if not all(_BUCKET.fullmatch(bucket) for bucket in _listed(text)):
        raise ValueError("addresses such as s3://bucket, gs://bucket, az://container, with commas")
    return text


def _webhook_secret(secret: SecretStr) -> SecretStr:
    WebhookSecrets.parse(secret.get_secret_value())
    return secret


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


_BUCKET = re.compile(r"(?:s3|gs|az)://[^/,]+")

DatabaseAddress = Annotated[str, AfterValidator(_database_address)]
Folder = Annotated[Path, AfterValidator(Path.expanduser)]
HostList = Annotated[str, AfterValidator(_host_list)]
BucketList = Annotated[str, AfterValidator(_bucket_list)]
WebhookSecret = Annotated[SecretStr, AfterValidator(_webhook_secret)]
Seconds = Annotated[float, Field(allow_inf_nan=False)]


class Settings(ProviderSettings):
    """All settings. Times in seconds, sizes in megabytes (2**20 bytes)."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True)

    database_url: DatabaseAddress | None = Field(None, validation_alias="DATABASE_URL")
    """A PostgreSQL 15 to 18, as URL or conninfo; absent: the embedded PostgreSQL."""

    database_listen_url: DatabaseAddress | None = Field(
        None, validation_alias="DATABASE_LISTEN_URL"
    )
    """A direct address for LISTEN where DATABASE_URL is that of a transaction pooler."""

    home: Folder = Field(Path(".backscroll"), validation_alias="BACKSCROLL_HOME")
    """The data folder: the embedded PostgreSQL, and media if no other folder is named."""

    media_root: Folder | None = Field(None, validation_alias="BACKSCROLL_MEDIA_ROOT")
    """The folder that `media_local_path` is relative to; absent: `media` in the home."""

    bind: str = Field("127.0.0.1:8000", validation_alias="BACKSCROLL_BIND")

    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper_case)
    ] = Field("INFO", validation_alias="BACKSCROLL_LOG_LEVEL")

    embedded_postgres: Annotated[Literal[16, 18], BeforeValidator(_whole_number)] = Field(
        18, validation_alias="BACKSCROLL_EMBEDDED_POSTGRES"
    )
    """The version of the embedded PostgreSQL; each has a data folder of its own."""

    concurrency: int = Field(32, ge=1, le=1000, validation_alias="BACKSCROLL_CONCURRENCY")
    """Items in flight in one worker process."""

    max_media_mb: int = Field(100, ge=1, validation_alias="BACKSCROLL_MAX_MEDIA_MB")
    download_timeout: Seconds = Field(120, gt=0, validation_alias="BACKSCROLL_DOWNLOAD_TIMEOUT")
    """For one medium in all, however slowly it trickles in."""

    media_allow_hosts: HostList | None = Field(
        None, validation_alias="BACKSCROLL_MEDIA_ALLOW_HOSTS"
    )
    """Hosts that media are fetched from although their addresses are not public."""

    media_buckets: BucketList | None = Field(None, validation_alias="BACKSCROLL_MEDIA_BUCKETS")
    """The buckets of object stores that messages may name; absent: all that can be read."""

    callback_allow_hosts: HostList | None = Field(
        None, validation_alias="BACKSCROLL_CALLBACK_ALLOW_HOSTS"
    )
    """Hosts that webhooks go to although their addresses are not public; those of media too."""

    webhook_secret: WebhookSecret | None = Field(None, validation_alias="BACKSCROLL_WEBHOOK_SECRET")
    """What webhooks are signed with; absent: a secret that the database made."""

    processor_timeout: Seconds = Field(60, gt=0, validation_alias="BACKSCROLL_PROCESSOR_TIMEOUT")
    """For one file in a parser; then the parser is killed and the item fails."""

    document_processes: int = Field(
        2, ge=1, le=64, validation_alias="BACKSCROLL_DOCUMENT_PROCESSES"
    )
    media_processes: int = Field(2, ge=1, le=64, validation_alias="BACKSCROLL_MEDIA_PROCESSES")
    """They decode sound and film."""
    whisper_model: Folder | None = Field(None, validation_alias="BACKSCROLL_WHISPER_MODEL")
    """A folder with a Whisper model for CTranslate2; absent: rough recognition, English only."""
    speech_processes: int = Field(1, ge=1, le=64, validation_alias="BACKSCROLL_SPEECH_PROCESSES")
    """They recognise speech on this machine."""
    ocr_processes: int = Field(1, ge=1, le=64, validation_alias="BACKSCROLL_OCR_PROCESSES")

    cancel_grace: Seconds = Field(10, ge=0, validation_alias="BACKSCROLL_CANCEL_GRACE")
    """How long items in flight may go on after their job was cancelled."""

    stop_grace: Seconds = Field(20, ge=0, validation_alias="BACKSCROLL_STOP_GRACE")
    """How long items in flight may go on after the worker was told to stop."""

    heartbeat: Seconds = Field(2, gt=0, validation_alias="BACKSCROLL_HEARTBEAT")
    retention_days: int = Field(90, ge=0, validation_alias="BACKSCROLL_RETENTION_DAYS")
    """How long items, results and events of ended jobs are kept; 0: for ever. Totals stay."""

    worker_timeout: Seconds = Field(10, gt=0, validation_alias="BACKSCROLL_WORKER_TIMEOUT")
    """A worker silent for so long is taken for dead, and its slices are given to others."""

    @property
    def media_folder(self) -> Path:
        """The media folder, absolute; it need not exist."""
        return (self.media_root or self.home / "media").absolute()

    @property
    def allowed_hosts(self) -> AllowedHosts:
        """The value of BACKSCROLL_MEDIA_ALLOW_HOSTS, parsed."""
        return AllowedHosts.parse(self.media_allow_hosts or "")

    @property
    def callback_hosts(self) -> AllowedHosts:
        """The hosts beyond the public internet that webhooks may go to."""
        lists = [self.callback_allow_hosts, self.media_allow_hosts]
        return AllowedHosts.parse(",".join(filter(None, lists)))

    @property
    def allowed_buckets(self) -> frozenset[str]:
        """The value of BACKSCROLL_MEDIA_BUCKETS, parsed; none: no bucket is left out."""
        return frozenset(_listed(self.media_buckets or ""))


def load_settings() -> Settings:
    """The settings of this process's environment. Raises SettingsError."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError(
            "; ".join(
                f"{'.'.join(str(part) for part in problem['loc'])} must be {_allowed(problem)}"
                for problem in error.errors()
            )
        ) from None


def _allowed(problem: ErrorDetails) -> str:
    """What the setting that pydantic refused may be, such as `a whole number from 1 to 64`."""
    if problem["type"] == "value_error":
        return str(problem["ctx"]["error"])
    if problem["type"] == "literal_error":
        return str(problem["ctx"]["expected"]).replace("'", "")
    for field in Settings.model_fields.values():
        if field.validation_alias in problem["loc"] and field.annotation in (int, float):
            return _numbers(field)
    return problem["msg"]


def _numbers(field: FieldInfo) -> str:
    kind = "a whole number" if field.annotation is int else "a number of seconds"
    limits = {name: value for rule in field.metadata for name, value in _limits(rule)}
    if "le" in limits:
        return f"{kind} from {limits['ge']} to {limits['le']}"
    if "gt" in limits:
        return f"{kind} greater than {limits['gt']}"
    return f"{kind}, {limits['ge']} or more"


def _limits(rule: Any) -> list[tuple[str, Any]]:
    return [(name, getattr(rule, name)) for name in ("ge", "gt", "le") if hasattr(rule, name)]
