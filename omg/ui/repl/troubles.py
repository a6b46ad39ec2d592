"""What goes wrong: one line for the person, and the traceback of what nobody expected in a file."""

from __future__ import annotations

import time
import traceback
from pathlib import Path

from omg.core.tool import ToolError
from omg.core.trouble import Trouble
from omg.ui.repl.page import Page

_LARGEST = 1_000_000
"""Bytes of the file, after which it begins anew."""


def tell(page: Page, home: Path, error: BaseException) -> None:
    """Say in one line what went wrong."""
    if isinstance(error, Trouble | ToolError):
        page.error(str(error))
    elif isinstance(error, OSError):
        page.error(f"{error.strerror or error}" + (f": {error.filename}" if error.filename else ""))
    else:
        page.error(f"this is a bug in OMG: {type(error).__name__}: {error} ({_kept(home, error)})")


def _kept(home: Path, error: BaseException) -> str:
    """Write the traceback down; where it is."""
    path = home / "omg.log"
    try:
        home.mkdir(parents=True, exist_ok=True)
        grown = path.exists() and path.stat().st_size > _LARGEST
        with path.open("w" if grown else "a", encoding="utf-8") as file:
            file.write(time.strftime("%Y-%m-%d %H:%M:%S\n") + "".join(traceback.format_exception(error)) + "\n")
    except OSError as trouble:
        return f"and {path} cannot be written: {trouble.strerror}"
    return f"details in {path}"
