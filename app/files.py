"""Where the files beside the code are: `sql/`, `migrations/` and `gunicorn.conf.py`.

In a checkout they stand at the top of the project; a wheel carries them in `app/bundled/`.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def project_file(name: str) -> Path:
    """The file or folder `name` of the project. Raises FileNotFoundError if it is not there."""
    for place in (_PACKAGE / "bundled", _PACKAGE.parent):
        if (place / name).exists():
            return place / name
    raise FileNotFoundError(f"{name} is neither in {_PACKAGE / 'bundled'} nor beside {_PACKAGE}")
