"""Markdown, code and diffs as rows of a transcript."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import cast

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown
from rich.segment import Segment
from rich.text import Text

from omg.ui.text import clean
from omg.ui.tui.transcript.code import Row, code_rows
from omg.ui.tui.transcript.palette import Palette

_SETTLED, _KEPT = 80, 40
"""Lines of growing code: when there are so many, all but the last few are not coloured again."""


class _Code(CodeBlock):
    """Code without a box, two cells in."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        palette = cast(_Coloured, console).palette
        for row in code_rows(str(self.text).rstrip("\n"), self.lexer_name, palette, options.max_width - 2):
            yield from _indent(row)
            yield Segment.line()


class _Title(Heading):
    """A heading at the margin."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        self.text.justify = "left"
        self.text.stylize("bold")
        yield self.text


class _Quiet(Markdown):
    elements = {**Markdown.elements, "fence": _Code, "code_block": _Code, "heading_open": _Title}  # noqa: RUF012 - rich's own


class _Coloured(Console):
    """A console that draws in a palette, for what rich calls back."""

    def __init__(self, palette: Palette, width: int) -> None:
        super().__init__(
            file=io.StringIO(),
            width=width,
            force_terminal=True,
            color_system="truecolor",
            theme=palette.theme,
            highlight=False,
            legacy_windows=False,
            markup=False,
            emoji=False,
        )
        self.palette = palette


def _indent(row: Row) -> Row:
    return [Segment("  "), *row] if row else row


class Marker:
    """Draws text in a width, in the colours of a palette."""

    def __init__(self, palette: Palette, width: int) -> None:
        self.palette, self.width = palette, max(width, 8)
        self._console = _Coloured(palette, self.width)

    def markdown(self, text: str) -> list[Row]:
        """The rows of a Markdown block, without blank ones around it."""
        return _trimmed(self._rows(_Quiet(clean(text), hyperlinks=False)))

    def code(self, text: str, language: str) -> list[Row]:
        """Code in the colours of its language."""
        return code_rows(clean(text).rstrip("\n"), language, self.palette, self.width)

    def fence(self, lines: Sequence[str], language: str) -> list[Row]:
        """Code as it stands in Markdown."""
        return [_indent(row) for row in code_rows(clean("\n".join(lines)), language, self.palette, self.width - 2)]

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
