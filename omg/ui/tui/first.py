"""The first picture: drawn before anything heavy is loaded, so that a person sees at once where they are."""

from __future__ import annotations

import shutil
import sys
import termios
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Attributes = list[Any]
"""What `tcgetattr` gives."""
PROMPT = "› "
_INPUT, _LOCAL, _CONTROL = 0, 3, 6
"""Places in what `tcgetattr` gives."""


@dataclass(slots=True)
class Page:
    """The terminal's other page. Who draws on it leaves it, too."""

    before: Attributes
    """How the terminal was: what it is to be put back to."""
    handed_over: bool = False


@contextmanager
def first_picture(folder: Path) -> Generator[Page]:
    """Show the frame of the screen, on the terminal's other page, and keep what is typed meanwhile as it is typed. The
    terminal is put back at the end, whatever happens."""
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    raw = [*before]
    raw[_INPUT] &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
    raw[_LOCAL] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
    raw[_CONTROL] = [*before[_CONTROL]]
    raw[_CONTROL][termios.VMIN], raw[_CONTROL][termios.VTIME] = 1, 0
    termios.tcsetattr(terminal, termios.TCSANOW, raw)
    page = Page(before)
    _write(picture(folder, *shutil.get_terminal_size()))
    try:
        yield page
    finally:
        if not page.handed_over:
            _write("\x1b[?1049l\x1b[?25h")
        with suppress(termios.error):  # it may be gone
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def picture(folder: Path, columns: int, rows: int) -> str:
    """What is written for it: header above, prompt below, as the app will draw them."""
    top = f" omg  {short_folder(folder)}"[: max(columns - 1, 0)]
    return f"\x1b[?1049h\x1b[H\x1b[2J\x1b[1m{top}\x1b[0m\x1b[{max(rows - 1, 1)};2H{PROMPT}"


def short_folder(folder: Path) -> str:
    """A folder as people call it, below the home folder with ~, in characters that any terminal shows."""
    home = Path.home()
    text = f"~/{folder.relative_to(home)}" if folder != home and folder.is_relative_to(home) else str(folder)
    return "".join(character if character.isprintable() else "�" for character in text)


def _write(text: str) -> None:
    sys.stdout.write(text.encode(sys.stdout.encoding, "replace").decode(sys.stdout.encoding))
    sys.stdout.flush()
