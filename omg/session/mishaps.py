"""What goes wrong, in one line; the traceback of what nobody expected in a file that `omg doctor` names."""

from __future__ import annotations

import time
import traceback
from pathlib import Path

from omg.core.tool import ToolError
from omg.core.trouble import Trouble

_LARGEST = 1_000_000
"""Bytes of the file, after which it begins anew."""


def told(home: Path, error: BaseException) -> str:
    """What went wrong, in one line for the person: what was expected in its own words, a bug as one."""
    if isinstance(error, Trouble | ToolError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
    return mishap(home, error)


def mishap(home: Path, error: BaseException) -> str:
    """One line about a bug, for the person; its traceback goes into `omg.log` below `home`."""
    return f"this is a bug in OMG: {type(error).__name__}: {error} ({_kept(home / 'omg.log', error)})"


def _kept(path: Path, error: BaseException) -> str:
    """Write the traceback down; where it is."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        grown = path.exists() and path.stat().st_size > _LARGEST
        with path.open("w" if grown else "a", encoding="utf-8") as file:
            file.write(time.strftime("%Y-%m-%d %H:%M:%S\n") + "".join(traceback.format_exception(error)) + "\n")
    except OSError as trouble:
        return f"and {path} cannot be written: {trouble.strerror}"
    return f"details in {path}"
