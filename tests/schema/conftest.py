"""`--write-golden`: what `make schema` calls."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-golden",
        action="store_true",
        default=False,
        help="write tests/schema/golden.sql from the database as it is now",
    )
