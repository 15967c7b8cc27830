"""Where files are: those beside the code, and whether a folder of the user's can be reached.

In a checkout `sql/`, `migrations/` and `gunicorn.conf.py` stand at the top of the project; a wheel
carries them in `app/bundled/`.
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


def is_folder(path: Path) -> bool:
    """Whether there is such a folder, as far as this user may see.

    Up to Python 3.13 `Path.is_dir` raises PermissionError below a folder closed to the user.
    """
    try:
        return path.is_dir()
    except PermissionError:
        return False
