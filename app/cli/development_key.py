"""The API key that comes with an embedded database, for whoever tries Backscroll out."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import psycopg

from app.cli.environment import DatabaseAddress, call, session_at

_FILE = "development.key"
# As batch.create_api_key makes keys: `bs_`, and what finds it.
_PREFIX = slice(3, 15)


def development_key(address: DatabaseAddress, home: Path) -> str:
    """The key in the file `development.key` of `home`; a new one where that cannot be used now.

    Only its owner may read the file.
    """
    file = home / _FILE
    with session_at(address, "backscroll up") as connection:
        kept = file.read_text().strip() if file.exists() else ""
        if _is_usable(connection, kept):
            return kept
        made: str = call(
            connection, "select key from batch.create_api_key('development', '{admin}')"
        )
    _keep(file, made)
    return made


def _is_usable(connection: psycopg.Connection[Any], key: str) -> bool:
    # The key itself goes into no statement: a server may log those.
    return bool(
        call(
            connection,
            "select exists (select from batch.find_api_key(%s) as k where k.key_sha256 = %s)",
            [key[_PREFIX], hashlib.sha256(key.encode()).digest()],
        )
    )


def _keep(file: Path, key: str) -> None:
    unfinished = file.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as kept:
        kept.write(f"{key}\n")
    unfinished.replace(file)
