"""Markdown, code and diffs as rows of a transcript."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from rich.console import RenderableType
from rich.segment import Segment
from rich.text import Text

from omg.ui.text import clean
from omg.ui.tui.transcript.code import Coloured, Row, code_rows, indent

if TYPE_CHECKING:
    from omg.ui.tui.transcript.palette import Palette

_SETTLED, _KEPT = 80, 40
"""Lines of growing code: when there are so many, all but the last few are not coloured again."""


class Marker:
    """Draws text in a width, in the colours of a palette."""

    def __init__(self, palette: Palette, width: int) -> None:
        self.palette, self.width = palette, max(width, 8)
        self._console = Coloured(palette, self.width)

    def markdown(self, text: str) -> list[Row]:
        """The rows of a Markdown block, without blank ones around it."""
        from omg.ui.tui.transcript.quiet import Quiet

        return _trimmed(self._rows(Quiet(clean(text), hyperlinks=False)))

    def code(self, text: str, language: str) -> list[Row]:
        """Code in the colours of its language."""
        return code_rows(clean(text).rstrip("\n"), language, self.palette, self.width)

    def fence(self, lines: Sequence[str], language: str) -> list[Row]:
        """Code as it stands in Markdown."""
        return [indent(row) for row in code_rows(clean("\n".join(lines)), language, self.palette, self.width - 2)]

    def plain(self, text: str, style: str = "") -> list[Row]:
        """Text as it is, folded where it is too wide."""
        return self._rows(Text(clean(text).rstrip("\n"), style=style, overflow="fold", no_wrap=False))

    def diff(self, text: str) -> list[Row]:
        """A diff, its lines in the colours of what came and what went."""
        drawn = Text(overflow="fold")
        for line in clean(text).rstrip("\n").split("\n"):
            tone = {"+": "running", "-": "failed", "@": "cold"}.get(line[:1])
            drawn.append(line + "\n", self.palette[tone] if tone else None)  # type: ignore[index]
        drawn.right_crop(1)
        return self._rows(drawn)

    def _rows(self, what: RenderableType) -> list[Row]:
        options = self._console.options.update(width=self.width)
        return [_stripped(row) for row in self._console.render_lines(what, options, pad=False)]


def _stripped(row: Sequence[Segment]) -> Row:
    """A row without the spaces at its end, which only copying would see."""
    kept = list(row)
    while kept and not kept[-1].text.strip() and not (kept[-1].style and kept[-1].style.bgcolor):
        kept.pop()
    return kept


def _trimmed(rows: list[Row]) -> list[Row]:
    while rows and not rows[0]:
        rows.pop(0)
    while rows and not rows[-1]:
        rows.pop()
    return rows


class Growing:
    """Code that grows: only its end is coloured again each time."""

    def __init__(self) -> None:
        self._head: list[Row] = []
        self._lines = 0

    def rows(self, marker: Marker, lines: Sequence[str], language: str) -> list[Row]:
        """The rows of the code so far, indented as finished code is."""
        if len(lines) - self._lines > _SETTLED:
            upto = len(lines) - _KEPT
            self._head += marker.fence(lines[self._lines : upto], language)
            self._lines = upto
        return [*self._head, *marker.fence(lines[self._lines :], language)]


def warm_up() -> None:
    """Load what drawing Markdown needs. Call it in a thread."""
    import_module("omg.ui.tui.transcript.quiet")
