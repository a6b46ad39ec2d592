"""The cache pane: the live ratio, money, the context, the warm clock, the last requests, misses and their causes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.widget import Widget

from omg.session.telling import losses, miss
from omg.ui.tui.look import Line, Lines, Row, Rows, line, reads_aloud
from omg.ui.tui.look.lines import fitted
from omg.ui.tui.panes import figures
from omg.ui.tui.panes.pane import Pane

if TYPE_CHECKING:
    from omg.session.glance import Glance, Miss

_PART = 0.62
"""The part of the screen's height that the pane takes at most, beside another one."""
_MISSES = 5
"""Rows of misses that are shown at once."""


class CachePane(Pane):
    """Shows the figures of the tree, and those of the branch that `select` names."""

    DEFAULT_CSS = """
    CachePane {
        height: auto;
        max-height: 100%;
        padding: 0 1;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        & #misses { max-height: 5; }
        & #lost { margin-top: 1; }
    }
    """

    class MissChosen(Message):
        """A person wants to see request `n`, which has missed."""

        def __init__(self, n: int) -> None:
            super().__init__()
            self.n = n

    branch = "main"
    _drawn: tuple[Sequence[Miss], int] | None = None
    """The misses that are drawn, and for how many cells."""

    def compose(self) -> ComposeResult:
        yield Lines(id="figures")
        yield Lines(id="lost")
        yield Rows(id="misses")

    def select(self, branch: str) -> None:
        """Show this branch's figures beside the tree's."""
        if branch != self.branch:
            self.branch = branch
            self.changed()

    def draw(self, glance: Glance, now: float) -> bool:
        """Draw the pane."""
        if self.branch not in glance.conversation.tree.branches:
            self.branch = "main"
        width, aloud = self.content_size.width, reads_aloud(self)
        if width <= 0:
            return False
        seen = figures.seen(glance, self.branch, max(1, width - 15))
        misses = glance.misses()
        taken = min(len(misses), _MISSES) + 2 if misses else 0
        rows = max(4, self._rows - taken)
        shown = figures.aloud(seen, width, now) if aloud else figures.lines(seen, width, rows, now)
        self.query_one("#figures", Lines).show(shown)
        self._draw_misses(misses, losses(seen.lost), width, aloud)
        return not aloud and seen.held is not None and seen.held.left(now) > 0

    @property
    def _rows(self) -> int:
        """As many rows as there are, where no other pane wants some."""
        margin = self.parent
        if isinstance(margin, Widget) and margin.size.height and not any(one.display for one in self.siblings):
            return margin.size.height
        return int(self.screen.size.height * _PART)

    def _draw_misses(self, misses: Sequence[Miss], summary: str, width: int, aloud: bool) -> None:
        if self._drawn is not None and self._drawn[0] is misses and self._drawn[1] == width:
            return
        self._drawn = misses, width
        lost, rows = self.query_one("#lost", Lines), self.query_one("#misses", Rows)
        lost.display = bool(misses) and not aloud
        lost.show([fitted(line(summary), width)] if misses else [])
        rows.display = bool(misses)
        rows.show_rows([Row(str(each.n), (_row(each, width - 2),)) for each in reversed(misses)])

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        self.post_message(self.MissChosen(int(event.key)))

    @on(Rows.Moved)
    def _moved(self, event: Rows.Moved) -> None:
        event.stop()


def _row(found: Miss, width: int) -> Line:
    return fitted(line(("! ", "bold"), miss(found)), width)
