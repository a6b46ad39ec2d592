"""The page: finished lines go here, into the terminal's own scrollback, and are never touched again."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass

from omg.core.tool import Show
from omg.ui.repl import markdown
from omg.ui.repl.ink import Ink, Tone
from omg.ui.text import clean, one_line


@dataclass(frozen=True, slots=True)
class Page:
    """`write` takes whole lines, painted; `width` is the terminal's, in cells, asked each time."""

    write: Callable[[str], None]
    width: Callable[[], int]
    ink: Ink

    def line(self, text: str = "", label: str = "") -> None:
        """One painted line, or several."""
        self.write(_labelled(text, label))

    def markdown(self, text: str, label: str = "") -> None:
        """A block of Markdown and a blank line."""
        if text.strip():
            drawn = markdown.markdown(text, max(self.width() - len(label), 20), self.ink.color)
            self.write(_labelled(drawn.strip("\n") + "\n\n", label))

    def words(self, text: str, label: str = "") -> None:
        """What a person said."""
        rows = clean(text).rstrip().split("\n")
        marked = [self.ink("bold", ("› " if not index else "  ") + row) for index, row in enumerate(rows)]
        self.write(_labelled("\n".join(marked) + "\n", label))

    def note(self, text: str) -> None:
        self._wrapped("dim", one_line(text))

    def error(self, text: str) -> None:
        self._wrapped("failed", f"error: {one_line(text)}")

    def _wrapped(self, tone: Tone, text: str) -> None:
        for row in textwrap.wrap(text, max(self.width() - 1, 20)):
            self.write(self.ink(tone, row) + "\n")

    def block(self, show: Show, most: int) -> None:
        """A tool's block, of which at most `most` lines are shown."""
        lines = show.text.split("\n")
        drawn = markdown.shown(Show(show.kind, "\n".join(lines[:most]), show.title), self.width() - 2, self.ink.color)
        more = f"… {len(lines) - most} more lines\n" if len(lines) > most else ""
        self.write(_labelled(drawn.rstrip("\n") + "\n", self.ink("dim", "│ ")) + self.ink("dim", more))


def _labelled(text: str, label: str) -> str:
    text = text if text.endswith("\n") else text + "\n"
    return "".join(label + line for line in text.splitlines(keepends=True)) if label else text
