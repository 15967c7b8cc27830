"""The settings: environment variables, each with a default that works on one machine."""

from __future__ import annotations

import difflib
import os
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


def _lower_case(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


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


def _host_and_port(text: str) -> str:
    if not _BIND.fullmatch(text) or not 0 < int(text.rpartition(":")[2]) < 65536:
        raise ValueError("HOST:PORT, such as 127.0.0.1:9100 or [::1]:9100")
    return text


def _origin_list(text: str) -> str:
    origins = _listed(text)
    if origins != ["*"] and not (origins and all(map(_ORIGIN.fullmatch, origins))):
        raise ValueError("* or origins such as https://app.example, with commas between")
    return ",".join(origins)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


_BUCKET = re.compile(r"(?:s3|gs|az)://[^/,]+")
_BIND = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):[0-9]{1,5}")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/?#,@]+")

DatabaseAddress = Annotated[str, AfterValidator(_database_address)]
Folder = Annotated[Path, AfterValidator(Path.expanduser)]
HostList = Annotated[str, AfterValidator(_host_list)]
BucketList = Annotated[str, AfterValidator(_bucket_list)]
WebhookSecret = Annotated[SecretStr, AfterValidator(_webhook_secret)]
Bind = Annotated[str, AfterValidator(_host_and_port)]
OriginList = Annotated[str, AfterValidator(_origin_list)]
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

    listen: Annotated[Literal["on", "off"], BeforeValidator(_lower_case)] = Field(
        "on", validation_alias="BACKSCROLL_LISTEN"
    )
    """off: nobody listens for notifications, where only a pooler can be reached; all poll."""

    home: Folder = Field(Path(".backscroll"), validation_alias="BACKSCROLL_HOME")
    """The data folder: the embedded PostgreSQL, and media if no other folder is named."""

    media_root: Folder | None = Field(None, validation_alias="BACKSCROLL_MEDIA_ROOT")
    """The folder that `media_local_path` is relative to; absent: `media` in the home."""

    bind: Bind = Field("127.0.0.1:8000", validation_alias="BACKSCROLL_BIND")

    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper_case)
    ] = Field("INFO", validation_alias="BACKSCROLL_LOG_LEVEL")

    log_format: Annotated[Literal["auto", "plain", "json"], BeforeValidator(_lower_case)] = Field(
        "auto", validation_alias="BACKSCROLL_LOG_FORMAT"
    )
    """`auto`: plain lines on a terminal, and JSON everywhere else."""

    api_processes: int = Field(1, ge=1, le=64, validation_alias="WEB_CONCURRENCY")
    """A name that gunicorn has given it, and that platforms set."""
    api_pool: int = Field(10, ge=1, le=200, validation_alias="BACKSCROLL_API_POOL")
    """Connections to the database in one process of the API."""
    api_pool_wait: Seconds = Field(2, gt=0, validation_alias="BACKSCROLL_API_POOL_WAIT")
    """Shorter than the five seconds after which many clients give up waiting for an answer."""
    api_statement_timeout: Seconds = Field(
        30, ge=0, validation_alias="BACKSCROLL_API_STATEMENT_TIMEOUT"
    )
    """For one statement of the API in the database; 0: as long as it takes."""
    request_timeout: Seconds = Field(20, gt=0, validation_alias="BACKSCROLL_REQUEST_TIMEOUT")
    """For a client to send its headers, and again for its body."""
    keep_alive: int = Field(30, ge=0, le=3600, validation_alias="BACKSCROLL_KEEP_ALIVE")
    """Whole seconds that a connection stays open for the next request."""
    api_stop_grace: int = Field(10, ge=1, le=3600, validation_alias="BACKSCROLL_API_STOP_GRACE")
    """Whole seconds that requests in flight get after the API was told to stop."""
    cors_origins: OriginList | None = Field(None, validation_alias="BACKSCROLL_CORS_ORIGINS")
    """Whose pages may call the API from browsers; absent: none's."""
    metrics_bind: Bind | None = Field(None, validation_alias="BACKSCROLL_METRICS_BIND")
    """Where /metrics is served without a key; absent: with one, where the API is."""

    embedded_postgres: Annotated[Literal[16, 18], BeforeValidator(_whole_number)] = Field(
        18, validation_alias="BACKSCROLL_EMBEDDED_POSTGRES"
    )
    """The version of the embedded PostgreSQL; each has a data folder of its own."""

    concurrency: int = Field(384, ge=1, le=1000, validation_alias="BACKSCROLL_CONCURRENCY")
    """Items that one worker process works on at once; a quarter more are ready to follow."""

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

    memory_mb: int = Field(900, ge=800, validation_alias="BACKSCROLL_MEMORY_MB")
    """What a worker with all its processes may hold in memory, a Whisper model left out."""

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
    """A worker silent for so long is taken for dead, and its slices are given to others. Who is
    silent for half as long judges nobody: see batch.sweep."""

    @property
    def cors_origin_list(self) -> tuple[str, ...]:
        """The value of BACKSCROLL_CORS_ORIGINS, parsed; `*` stands for everybody."""
        return tuple(_listed(self.cors_origins or ""))

    @property
    def metrics_port(self) -> int | None:
        """The port of BACKSCROLL_METRICS_BIND."""
        return int(self.metrics_bind.rpartition(":")[2]) if self.metrics_bind else None

    @property
    def listen_address(self) -> str | None:
        """Where to LISTEN; None: nobody does, all poll."""
        if self.listen == "off":
            return None
        return self.database_listen_url or self.database_url

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


def load_settings(bind: str | None = None) -> Settings:
    """The settings of this process's environment; `bind`: an address named otherwise, which counts
    instead of BACKSCROLL_BIND. Raises SettingsError."""
    settings, problems = read_settings(bind)
    if settings is None or problems:
        raise SettingsError("; ".join(f"{name} {said}" for name, said in problems.items()))
    return settings


def read_settings(bind: str | None = None) -> tuple[Settings | None, dict[str, str]]:
    """The settings, None if one is wrong, and what there is to say about wrong and unknown ones.

    `bind` as for `load_settings`.
    """
    problems = {name: _unknown(name) for name in unknown_settings()}
    given: dict[str, Any] = {} if bind is None else {"BACKSCROLL_BIND": bind}
    try:
        settings = Settings(**given)
        if settings.metrics_bind and settings.bind.endswith(f":{settings.metrics_port}"):
            problems["BACKSCROLL_METRICS_BIND"] = "must have another port than BACKSCROLL_BIND"
        if settings.worker_timeout < 4 * settings.heartbeat:
            problems["BACKSCROLL_WORKER_TIMEOUT"] = (
                "must be four times BACKSCROLL_HEARTBEAT or more"
            )
        return settings, problems
    except ValidationError as error:
        for problem in error.errors():
            name = ".".join(str(part) for part in problem["loc"])
            problems[name] = f"must be {_allowed(problem)}"
        return None, problems


def setting_names() -> list[str]:
    """The environment variables that are settings, in the order of the fields."""
    return [str(field.validation_alias) for field in Settings.model_fields.values()]


def unknown_settings() -> list[str]:
    """Variables of the environment that look like settings and are none: misspelt, or of old."""
    known = set(setting_names())
    return sorted(
        name
        for name in os.environ
        if name.upper().startswith("BACKSCROLL_")
        and not name.upper().startswith(_FOR_TESTS)
        and name.upper() not in known
    )


_FOR_TESTS = "BACKSCROLL_TEST_"


def _unknown(name: str) -> str:
    # What all begin with says nothing about which one was meant.
    known = {each.removeprefix("BACKSCROLL_"): each for each in setting_names()}
    near = difflib.get_close_matches(name.upper().removeprefix("BACKSCROLL_"), known, 1, 0.7)
    hint = f"did you mean {known[near[0]]}?" if near else "`backscroll config` shows those that are"
    return f"is not a setting; {hint}"


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
