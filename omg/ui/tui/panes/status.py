"""The one line of a narrow screen: model, context, the live ratio, money, forks, warmth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.app import ComposeResult

from omg.session.telling import one_line
from omg.ui.tui.look import Lines, line, reads_aloud
from omg.ui.tui.panes.pane import Pane

if TYPE_CHECKING:
    from omg.session.glance import Glance


class StatusLine(Pane):
    """Says nothing of its own."""

    DEFAULT_CSS = """
    StatusLine { height: 1; background: $panel; }
    """

    def compose(self) -> ComposeResult:
        yield Lines()

    def draw(self, glance: Glance, now: float) -> bool:
        """Draw the line."""
        seen, aloud = glance.status(), reads_aloud(self)
        text = one_line(seen, now, self.size.width, cell_len, aloud=aloud)
        self.query_one(Lines).show([line(text)])
        return not aloud and seen.held is not None and seen.held.left(now) > 0
