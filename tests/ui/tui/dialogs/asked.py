"""An app that shows one dialog and remembers what it was dismissed with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot
from textual.screen import ModalScreen

from omg.ui.taste import Taste
from omg.ui.tui.in_order import InOrder
from omg.ui.tui.look import dress


class Shown(InOrder[None]):
    """`answers` are what dialogs were dismissed with."""

    def __init__(self, dialog: ModalScreen[Any], theme: str = "dark") -> None:
        super().__init__()
        dress(self, Taste(theme))
        self.dialog = dialog
        self.answers: list[Any] = []

    def on_mount(self) -> None:
        self.push_screen(self.dialog, self.answers.append)

    def page(self) -> str:
        """What is on the screen."""
        lines = self.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in line) for line in lines)


async def until(reached: Callable[[], object]) -> None:
    for _ in range(500):
        if reached():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to that")


@asynccontextmanager
async def shown(
    dialog: ModalScreen[Any], size: tuple[int, int] = (80, 24), theme: str = "dark"
) -> AsyncIterator[tuple[Shown, Pilot[None]]]:
    app = Shown(dialog, theme)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot
