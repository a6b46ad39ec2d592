"""Items as strips that are ready for the screen, kept while they are near it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from omg.ui.tui.transcript.items import Item, Reply
from omg.ui.tui.transcript.marked import Growing

if TYPE_CHECKING:
    from omg.ui.tui.transcript.code import Row
    from omg.ui.tui.transcript.paint import Painter
    from omg.ui.tui.transcript.palette import Role

_MOST = 6000
"""Rows that are kept drawn, about; the most recently used ones."""


class Drawing:
    """One item, drawn. A reply's finished blocks are drawn once; what grows is drawn each time it has changed."""

    def __init__(self) -> None:
        self.strips: list[Strip] = []
        self._version = -1
        self._done: list[Strip] = []
        self._blocks = 0
        self._growing = Growing()

    def update(self, item: Item, painter: Painter) -> None:
        """Draw what has changed."""
        if item.version == self._version:
            return
        self._version = item.version
        rows = self._reply(item, painter) if isinstance(item, Reply) else painter.item(item)
        self.strips = [*self._done, *strips(rows, painter)]

    def _reply(self, reply: Reply, painter: Painter) -> list[Row]:
        """The rows of a reply behind its finished blocks."""
        for block in reply.blocks[self._blocks :]:
            rows = painter.block(block)
            self._done += strips([[], *rows] if self._done and rows else rows, painter)
            self._growing = Growing()
        self._blocks = len(reply.blocks)
        rows = painter.tail(reply.tail, self._growing) if reply.tail.strip() else []
        rows = [[], *rows] if rows and self._done else rows
        return [*rows, *(painter.cut_off() if reply.cut else [])]


class Drawings:
    """The drawings of the items near the screen."""

    def __init__(self, painter: Painter) -> None:
        self.painter = painter
        self.blank = strips([[]], painter)[0]
        self._kept: OrderedDict[Item, Drawing] = OrderedDict()
        self._rows = 0

    def __contains__(self, item: Item) -> bool:
        return item in self._kept

    def style(self, role: Role) -> Style:
        """A style of the palette, on the widget's own."""
        palette = self.painter.palette
        return palette.base + palette[role]

    def of(self, item: Item) -> list[Strip]:
        """The strips of an item as it is now."""
        drawing = self._kept.get(item)
        if drawing is None:
            drawing = self._kept[item] = Drawing()
        self._kept.move_to_end(item)
        before = len(drawing.strips)
        drawing.update(item, self.painter)
        self._rows += len(drawing.strips) - before
        while self._rows > _MOST and len(self._kept) > 1:
            _, gone = self._kept.popitem(last=False)
            self._rows -= len(gone.strips)
        return drawing.strips


def strips(rows: Iterable[Row], painter: Painter) -> list[Strip]:
    """Rows in the widget's own style, as wide as it is."""
    base, width = painter.palette.base, painter.width
    return [Strip(Segment.apply_style(row, base)).adjust_cell_length(width, base).simplify() for row in rows]
