"""Printing above the live region: the region is taken off, the lines are written, and it is drawn again below."""

from __future__ import annotations

import asyncio

from prompt_toolkit.application import Application
from prompt_toolkit.output import Output


class Above:
    """Gathers what is written within one step of the event loop, so that the screen changes once."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._app: Application[None] | None = None
        self._held: list[str] = []
        self._due = False

    def attach(self, app: Application[None]) -> None:
        """From now on, `app` draws the live region."""
        self._app = app

    def __call__(self, text: str) -> None:
        self._held.append(text)
        if not self._due and self._app is not None and self._app.is_running:
            self._due = True
            asyncio.get_running_loop().call_soon(self.flush)

    def flush(self) -> None:
        """Write what is held. A terminal that is gone is no reason to stop what is being closed."""
        self._due = False
        text, self._held = "".join(self._held), []
        if not text:
            return
        running = self._app is not None and self._app.is_running
        try:
            if self._app is not None and running:
                self._app.renderer.erase()
            self._output.write_raw(text.replace("\n", "\r\n"))
            self._output.flush()
        except OSError:
            return
        if self._app is not None and running:
            self._app.invalidate()
