"""This machine: versions, media, disk, and the providers that it would ask."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg

from app import __version__
from app.cli.doctor.findings import Finding, fail, ok, warn
from app.connecting import connect
from app.settings import Settings, SettingsError

_PACKAGES = ("procrastinate", "psycopg", "falcon", "gunicorn", "pydantic", "uvloop")
_GIGABYTE = 2**30
_SAMPLE = 20
_STATEMENT_SECONDS = 5.0
_PROVIDER_SECONDS = 15.0


def check_versions() -> Finding:
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES)
    return ok(
        "versions", f"Backscroll {__version__}, Python {platform.python_version()}, {versions}"
    )


def check_media_root(settings: Settings) -> Finding:
    root = settings.media_folder
    mend = "set BACKSCROLL_MEDIA_ROOT to the folder that media_local_path is relative to"
    if not _is_reachable(root):
        return fail(
            "media root",
            f"{root} cannot be reached",
            "let this user pass through the folders above it",
        )
    if not root.is_dir():
        return warn(
            "media root", f"there is no folder {root}", f"{mend}; media_url works without one"
        )
    if not os.access(root, os.R_OK | os.X_OK):
        return fail("media root", f"{root} cannot be read", "let this user read it")
    return ok("media root", str(root))


def check_media_sample(settings: Settings, url: str) -> Finding:
    """Whether the files that messages name are there, as a worker looks for them."""
    from workers.fetching.media_folder import MediaFolder
    from workers.fetching.size_limit import SizeLimit
    from workers.processors.base import ProcessingFailed

    try:
        with connect(url, "backscroll doctor") as connection:
            connection.execute(f"set local statement_timeout = '{_STATEMENT_SECONDS:g}s'".encode())
            paths = [
                path
                for (path,) in connection.execute(
                    "select m.media_local_path from public.messages as m"
                    " where m.has_media and m.media_local_path <> '' limit %s",
                    [_SAMPLE],
                )
            ]
    except psycopg.errors.UndefinedTable:
        return ok("media", "there are no messages yet")
    except psycopg.Error as error:
        return warn(
            "media", f"messages cannot be looked at: {str(error).partition(chr(10))[0]}",
            "ask as a user who may read public.messages",
        )  # fmt: skip
    folder = MediaFolder(settings.media_folder, SizeLimit(settings.max_media_mb))
    reasons = []
    for path in paths:
        try:
            folder.open(path).close()
        except ProcessingFailed as failure:
            reasons.append(f"{failure.code}: {failure.message}")
    found = len(paths) - len(reasons)
    if not paths:
        return ok("media", "no message names a file here")
    if not found:
        return fail(
            "media", f"none of {len(paths)} files that messages name can be used ({reasons[0]})",
            "check BACKSCROLL_MEDIA_ROOT: media_local_path is relative to it",
        )  # fmt: skip
    if reasons:
        return warn(
            "media", f"{found} of {len(paths)} files can be used ({reasons[0]})",
            "those that are gone fail with that code",
        )  # fmt: skip
    return ok("media", f"{found} of {len(paths)} files that messages name can be used")


def check_disk(settings: Settings) -> Iterator[Finding]:
    """Room for what is downloaded and, with the embedded PostgreSQL, for the data."""
    places = {"temporary files": Path(tempfile.gettempdir())}
    if settings.database_url is None:
        places["data"] = _existing(settings.home.absolute())
    for name, place in places.items():
        free = shutil.disk_usage(place).free
        said = f"{free / _GIGABYTE:.1f} GB free for {name}, in {place}"
        if free < _GIGABYTE // 4:
            yield fail("disk", said, "make room")
        elif free < 2 * _GIGABYTE:
            yield warn("disk", said, "make room, or set TMPDIR and BACKSCROLL_HOME elsewhere")
        else:
            yield ok("disk", said)


def check_providers(settings: Settings, *, ask: bool) -> Iterator[Finding]:
    """Who is configured; with `ask`, whether each accepts its key, by listing its models."""
    from workers.assembly import build_processing, build_providers
    from workers.providers.gate import LateGate

    try:
        build_processing(settings)
    except SettingsError as error:
        yield fail("providers", str(error), "change that setting")
        return
    exchanges = build_providers(settings, LateGate()).exchanges
    if not exchanges:
        yield warn(
            "providers", "none is configured: all is done on this machine, roughly",
            "set GROQ_API_KEY, OPENAI_API_KEY or GEMINI_API_KEY for good texts",
        )  # fmt: skip
    for exchange in exchanges:
        account = exchange.account
        name = f"provider {account.name}"
        if not ask:
            yield ok(name, f"configured, at {account.base_url}; not asked without --providers")
            continue
        yield _asked(
            name, account.base_url, account.headers, account.prefix,
            trust_env=not account.is_on_this_machine,
        )  # fmt: skip


def _asked(
    name: str, base_url: str, headers: dict[str, str], prefix: str, *, trust_env: bool
) -> Finding:
    address = f"{base_url.rstrip('/')}/models"
    try:
        answer = httpx.get(address, headers=headers, timeout=_PROVIDER_SECONDS, trust_env=trust_env)
    except httpx.HTTPError as error:
        return fail(
            name, f"{base_url} does not answer: {type(error).__name__}",
            f"check {prefix}_BASE_URL, the network and proxies",
        )  # fmt: skip
    if answer.status_code in (401, 403):
        return fail(
            name, f"does not accept the key ({answer.status_code})", f"set {prefix}_API_KEY"
        )
    if not answer.is_success:
        return warn(
            name, f"answers {answer.status_code} when asked for its models",
            f"check {prefix}_BASE_URL; servers of your own may not have that list",
        )  # fmt: skip
    return ok(name, f"accepts the key, at {base_url}")


def _existing(folder: Path) -> Path:
    is_there = _is_reachable(folder) and folder.exists()
    return folder if is_there else _existing(folder.parent)


def _is_reachable(path: Path) -> bool:
    """Whether this user may see what is there, or that nothing is."""
    try:
        path.stat()
    except PermissionError:
        return False
    except OSError:
        pass
    return True
