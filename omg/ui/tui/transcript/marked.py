"""Markdown, code and diffs as rows of a transcript."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown
from rich.segment import Segment
from rich.syntax import Syntax
from rich.text import Text

from omg.ui.text import clean
from omg.ui.tui.transcript.palette import Palette

if TYPE_CHECKING:
    from pygments.lexer import Lexer

Row = list[Segment]
"""One row: pieces of text with their styles, none of them a new line."""
_SETTLED, _KEPT = 80, 40
"""Lines of growing code: when there are so many, all but the last few are not coloured again."""


class _Code(CodeBlock):
    """Code without a box."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from _syntax(console, str(self.text).rstrip("\n"), self.lexer_name)


class _Title(Heading):
    """A heading at the margin."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        self.text.justify = "left"
        self.text.stylize("bold")
        yield self.text


class _Quiet(Markdown):
    elements = {**Markdown.elements, "fence": _Code, "code_block": _Code, "heading_open": _Title}  # noqa: RUF012 - rich's own


def _syntax(console: Console, code: str, language: str | Lexer) -> Iterable[Syntax]:
    theme = getattr(console, "omg_code", None)
    yield Syntax(code, language or "text", theme=theme or "ansi_dark", word_wrap=True, padding=(0, 2))


class Marker:
    """Draws text in a width, in the colours of a palette."""

    def __init__(self, palette: Palette, width: int) -> None:
        self.palette, self.width = palette, max(width, 8)
        self._console = Console(
            file=io.StringIO(),
            width=self.width,
            force_terminal=True,
            color_system="truecolor",
            theme=palette.theme,
            highlight=False,
            legacy_windows=False,
            markup=False,
            emoji=False,
        )
        self._console.omg_code = palette.code  # type: ignore[attr-defined]

    def markdown(self, text: str) -> list[Row]:
        """The rows of a Markdown block, without blank ones around it."""
        return _trimmed(self._rows(_Quiet(clean(text), hyperlinks=False)))

    def code(self, text: str, language: str) -> list[Row]:
        """Code in the colours of its language."""
        code = Syntax(clean(text).rstrip("\n"), language, theme=self.palette.code, word_wrap=True)
        return self._rows(code)

    def fence(self, lines: Sequence[str], language: str) -> list[Row]:
        """Code as it stands in Markdown: indented, blank lines kept."""
        code = clean("\n".join(lines)) or " "
        return self._rows(Syntax(code, language or "text", theme=self.palette.code, word_wrap=True, padding=(0, 2)))

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
