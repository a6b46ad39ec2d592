"""The first prompt: on screen before the editor behind it is loaded. Keys typed until then wait in the terminal."""

from __future__ import annotations

import os
import sys
import termios
from collections.abc import Generator
from contextlib import contextmanager, suppress

PROMPT = "› "
_ECHO = 3
"""The place of the local flags in what `tcgetattr` gives."""


@contextmanager
def first_prompt() -> Generator[None]:
    """Show a prompt at once and keep the terminal from echoing. What the editor draws later covers it; the terminal's
    settings are put back at the end, whatever happens."""
    if os.environ.get("TERM", "dumb") in ("dumb", "unknown"):
        yield
        return
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    quiet = [*before]
    quiet[_ECHO] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(terminal, termios.TCSANOW, quiet)
    _write(PROMPT)
    try:
        yield
    except BaseException:
        _write("\r\x1b[J")
        raise
    finally:
        with suppress(termios.error):  # it may be gone
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _write(text: str) -> None:
    sys.stdout.write(text.encode(sys.stdout.encoding, "replace").decode(sys.stdout.encoding))
    sys.stdout.flush()
