"""What goes wrong: one line for the person, and the traceback of what nobody expected in a file."""

from __future__ import annotations

from pathlib import Path

from omg.core.tool import ToolError
from omg.core.trouble import Trouble
from omg.session.mishaps import mishap
from omg.ui.repl.page import Page


def tell(page: Page, home: Path, error: BaseException) -> None:
    """Say in one line what went wrong."""
    if isinstance(error, Trouble | ToolError):
        page.error(str(error))
    elif isinstance(error, OSError):
        page.error(f"{error.strerror or error}" + (f": {error.filename}" if error.filename else ""))
    else:
        page.error(mishap(home, error))
