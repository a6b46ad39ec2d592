"""The line at the top: where this is, who answers, which session."""

from __future__ import annotations

import asyncio
import time
from datetime import date
from typing import TYPE_CHECKING

from rich.text import Text
from textual.widget import Widget

from omg.core.amounts import short_model
from omg.core.events import Event, TurnEnded
from omg.ui.text import cut, one_line
from omg.ui.tui.first import short_folder
from omg.workspace import git

if TYPE_CHECKING:
    from omg.session.conversation import Conversation
    from omg.ui.screen import Screen


class Header(Widget):
    """Folder and git branch at the left; model, effort, mode, session and its day at the right."""

    DEFAULT_CSS = """
    Header {
        height: 1;
        background: $panel;
        color: $foreground;
    }
    """

    def __init__(self, screen: Screen) -> None:
        super().__init__()
        self._start = screen
        self._conversation: Conversation | None = None
        self._branch = ""
        self._looking: asyncio.Task[None] | None = None

    def adopt(self, conversation: Conversation) -> None:
        """Tell of this conversation from now on."""
        self._conversation = conversation
        self._look()

    def heard(self, event: Event) -> None:
        """A turn may have changed git's branch; anything may have changed mode and model."""
        if isinstance(event, TurnEnded):
            self._look()

    def _look(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._ask_git())
        self.refresh()

    async def _ask_git(self) -> None:
        folder = self._start.folder
        said = await asyncio.to_thread(git.output, folder, "symbolic-ref", "--short", "-q", "HEAD", limit=2.0)
        self._branch = said.decode(errors="replace").strip() if said else ""
        self.refresh()

    def render(self) -> Text:
        width = self.size.width
        right = cut(self.right(), max(width - 8, 0))
        left = cut(self.left(), max(width - len(right) - 2, 4))
        line = Text(no_wrap=True, overflow="crop")
        line.append(left[:5], "bold").append(left[5:])
        line.append(" " * max(width - Text(left).cell_len - Text(right).cell_len, 1))
        return line.append(right)

    def left(self) -> str:
        """` omg  folder  git branch`"""
        return f" omg  {short_folder(self._start.folder)}" + (f"  {one_line(self._branch)}" if self._branch else "")

    def right(self) -> str:
        """`model · effort · mode  session · day`"""
        open = self._conversation
        if open is None:
            return " · ".join([*self._model(self._start.model), self._start.mode, "opening … "])
        effort = _effort(open)
        parts = [*self._model(open.model), *([effort] if effort else []), open.agent.mode("main")]
        return f"{' · '.join(parts)}   {open.id} · day {_day(open)} "

    def _model(self, name: str) -> list[str]:
        simulated = ["simulated"] if self._start.provider == "offline" else []
        return [short_model(name), *simulated]


def _effort(conversation: Conversation) -> str:
    """How hard the model is asked to think; empty where nothing is said of that."""
    for name, value in conversation.agent.runtime.setup.extra:
        if name == "output_config" and isinstance(value, dict):
            return str(value.get("effort", ""))
    return ""


def _day(conversation: Conversation) -> int:
    """Which day of the session this is, the first being 1."""
    made = date.fromtimestamp(conversation.tree.session.at)
    return max((date.fromtimestamp(time.time()) - made).days, 0) + 1
