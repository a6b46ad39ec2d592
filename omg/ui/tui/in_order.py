"""Keys in the order they were typed, also where several come at once: over a slow link, or while the app is busy."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, TypeVar

from textual import events
from textual.app import App
from textual.dom import DOMNode

Result = TypeVar("Result")
_LONGEST = 0.25
"""Seconds that one key can keep the next ones waiting."""


class InOrder(App[Result]):
    """Textual lets a letter act in the widget that has the focus, and a binding (backspace, an arrow, enter) only when
    its key has bubbled up to the app: the letters behind it would act first. So a key is given out when the one before
    it has been everywhere it goes."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._coming: deque[events.Key | events.Paste] = deque()
        self._given: asyncio.TimerHandle | None = None
        """The end of the time that the key which is under way has; None: there is none under way."""

    async def on_event(self, event: events.Event) -> None:
        """Take what comes from the terminal and what bubbles up."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
        elif self._given is None:
            await self._give(event)
        else:
            self._coming.append(event)

    async def _give(self, event: events.Key | events.Paste) -> None:
        given = asyncio.get_running_loop().call_later(_LONGEST, lambda: self._follow(self, given))
        self._given = given
        await super().on_event(event)
        self._follow(self.focused or self.screen, given)

    def _follow(self, node: DOMNode, given: asyncio.TimerHandle) -> None:
        """Go behind a key, through the queue of each node that it bubbles through."""
        if node is self or not node.call_later(
            self._follow, node.parent or self, given
        ):  # what is closed takes nothing
            self.call_later(self._next, given)

    async def _next(self, given: asyncio.TimerHandle) -> None:
        """The key is done with: the next one."""
        given.cancel()
        if given is not self._given:
            return
        self._given = None
        if self._coming:
            await self._give(self._coming.popleft())
