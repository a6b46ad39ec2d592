"""A list to choose from, by keys and by mouse. A row is one line or a few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from omg.ui.tui.look.dress import reads_aloud
from omg.ui.tui.look.lines import Line, Lines, Span


class Row(NamedTuple):
    """What stands for one thing; `key` is what it is known by. Two cells in front are left for the cursor."""

    key: str
    lines: tuple[Line, ...]


class Rows(Lines, can_focus=True):
    """Rows with a cursor, which stays with its row when others come and go."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "up", show=False),
        Binding("down", "move(1)", "down", show=False),
        Binding("pageup", "move(-8)", "page up", show=False),
        Binding("pagedown", "move(8)", "page down", show=False),
        Binding("home", "move(-1000000)", "first", show=False),
        Binding("end", "move(1000000)", "last", show=False),
        Binding("enter", "choose", "choose", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--cursor"}
    DEFAULT_CSS = """
    Rows {
        height: auto;
        & > .rows--cursor { text-style: bold; }
    }
    """

    key: reactive[str | None] = reactive[str | None](None, init=False)
    """The row that the cursor is at."""

    class Moved(Message):
        """The cursor is at another row; None where there is none."""

        def __init__(self, rows: Rows, key: str | None) -> None:
            super().__init__()
            self.rows, self.key = rows, key

        @property
        def control(self) -> Rows:
            return self.rows

    class Chosen(Message):
        """A row was chosen, with Enter or with a click at the cursor's row."""

        def __init__(self, rows: Rows, key: str) -> None:
            super().__init__()
            self.rows, self.key = rows, key

        @property
        def control(self) -> Rows:
            return self.rows

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.rows: tuple[Row, ...] = ()
        self._starts: list[int] = []
        self._at: dict[str, int] = {}

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show these rows instead of those before."""
        place = self._at.get(self.key or "", 0)
        self.rows = tuple(rows)
        self._at = {row.key: index for index, row in enumerate(rows)}
        self._starts, lines = [], list[Line]()
        for row in rows:
            self._starts.append(len(lines))
            lines += row.lines
        self.show(lines)
        if self.key not in self._at:
            self.key = rows[min(place, len(rows) - 1)].key if rows else None

    def watch_key(self, old: str | None, new: str | None) -> None:
        """Draw both rows again, and say so."""
        for key in (old, new):
            if key in self._at:
                self.refresh_lines(self._starts[self._at[key]], len(self.rows[self._at[key]].lines))
        if new in self._at:
            self._into_view(self._at[new])
        self.post_message(self.Moved(self, new))

    def on_focus(self) -> None:
        self._redraw_cursor()

    def on_blur(self) -> None:
        self._redraw_cursor()

    def _redraw_cursor(self) -> None:
        if self.key in self._at:
            self.refresh_lines(self._starts[self._at[self.key]], len(self.rows[self._at[self.key]].lines))

    def _into_view(self, index: int) -> None:
        top, height = self._starts[index], len(self.rows[index].lines)
        if top < self.scroll_offset.y:
            self.scroll_to(y=top, animate=False)
        elif top + height > self.scroll_offset.y + self.size.height:
            self.scroll_to(y=top + height - self.size.height, animate=False)

    def action_move(self, by: int) -> None:
        """Move the cursor by so many rows."""
        if self.rows:
            place = self._at.get(self.key or "", 0) + by
            self.key = self.rows[min(max(place, 0), len(self.rows) - 1)].key

    def action_choose(self) -> None:
        """Choose the row at the cursor."""
        if self.key is not None:
            self.post_message(self.Chosen(self, self.key))

    def on_click(self, event: Click) -> None:
        """Put the cursor where it was clicked; again, to choose."""
        index = self._row_at(event.y + self.scroll_offset.y)
        if index is None:
            return
        key = self.rows[index].key
        if key == self.key:
            self.action_choose()
        self.key = key

    def _row_at(self, y: int) -> int | None:
        if not 0 <= y < len(self._lines):
            return None
        return max(index for index, start in enumerate(self._starts) if start <= y)

    def painted(self, index: int, line: Line, base: Style, width: int) -> Strip:
        """A line as it is drawn: the cursor's with a bar in front, which is bright while this has the keys."""
        row = self._row_at(index)
        if row is None or self.rows[row].key != self.key:
            return super().painted(index, (Span("  "), *line), base, width)
        if reads_aloud(self):
            return super().painted(index, (Span("> "), *line), base, width)
        if not self.has_focus:
            return super().painted(index, (Span("▏ ", "dim"), *line), base, width)
        weight = self.get_component_rich_style("rows--cursor", partial=True)
        return super().painted(index, (Span("▌ ", "bold"), *line), base, width).apply_style(weight)
