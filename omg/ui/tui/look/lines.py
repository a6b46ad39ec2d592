"""Lines of text in tones, of which only those that changed are painted again."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from omg.ui.text import cut

TONES = ("dim", "bold", "warm", "cold", "running", "failed", "line")


class Span(NamedTuple):
    """Text in a tone: some of TONES, with spaces between; none is the terminal's own. A click on it `does` something:
    what that is called is in the `meta` of the event's style, for the widget that knows it."""

    text: str
    tone: str = ""
    does: str = ""


Line = tuple[Span, ...]


def line(*parts: str | tuple[str, str] | tuple[str, str, str]) -> Line:
    """A line of texts, some with a tone, some that do something."""
    return tuple(Span(part) if isinstance(part, str) else Span(*part) for part in parts)


def text_of(line: Line) -> str:
    """A line without its tones."""
    return "".join(span.text for span in line)


def width_of(line: Line) -> int:
    """The cells that a line takes."""
    return sum(cell_len(span.text) for span in line)


def fitted(line: Line, width: int) -> Line:
    """A line in at most `width` cells."""
    if width_of(line) <= width:
        return line
    kept: list[Span] = []
    for span in line:
        room = width - width_of(tuple(kept))
        if cell_len(span.text) > room:
            kept.append(span._replace(text=cut(span.text, room)))
            break
        kept.append(span)
    return tuple(kept)


def wrapped(text: str, width: int) -> list[Line]:
    """A text over as many lines as it takes."""
    return [line(row) for row in textwrap.wrap(text, max(1, width), subsequent_indent="  ")]


def spread(left: Line, right: Line, width: int) -> Line:
    """One line with something at both ends; what is too long is cut on the left."""
    room = width - width_of(right)
    kept = fitted(left, max(0, room - 1)) if right else fitted(left, width)
    return fitted((*kept, Span(" " * max(0, room - width_of(kept))), *right), width)


class Lines(ScrollView, can_focus=False):
    """Shows lines; those that do not fit below can be scrolled to."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"lines--{tone}" for tone in TONES}
    DEFAULT_CSS = """
    Lines {
        height: auto;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        & > .lines--dim { text-style: dim; }
        & > .lines--bold { text-style: bold; }
        & > .lines--warm { color: $warm; }
        & > .lines--cold { color: $cold; }
        & > .lines--running { color: $running; }
        & > .lines--failed { color: $failed; }
        & > .lines--line { color: $line; }
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: tuple[Line, ...] = ()

    @property
    def text(self) -> str:
        """All that is shown, without tones."""
        return "\n".join(text_of(line).rstrip() for line in self._lines)

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines instead of those before."""
        before, self._lines = self._lines, tuple(lines)
        if len(before) != len(self._lines):
            self.virtual_size = Size(max(1, self.size.width), len(self._lines))
            self.refresh(layout=True)
            return
        for y, (old, new) in enumerate(zip(before, self._lines, strict=True)):
            if old != new:
                self.refresh_line(y)

    def render_line(self, y: int) -> Strip:
        """One row of the screen."""
        index, width, base = y + self.scroll_offset.y, self.size.width, self.rich_style
        if not 0 <= index < len(self._lines):
            return Strip.blank(width, base)
        return self.painted(index, self._lines[index], base, width)

    def painted(self, index: int, line: Line, base: Style, width: int) -> Strip:
        """A line as it is drawn."""
        segments = [Segment(span.text, base + self._style(span)) for span in fitted(line, width)]
        return Strip(segments).adjust_cell_length(width, base)

    def _style(self, span: Span) -> Style:
        tones = (self.get_component_rich_style(f"lines--{each}", partial=True) for each in span.tone.split())
        return sum(tones, Style(meta={"does": span.does}) if span.does else Style.null())
