"""What panes have in common: they gather what happens and draw it at once, and tick only while a clock is shown."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.timer import Timer

from omg.core.events import Event, Text, Thinking, ToolOutput

if TYPE_CHECKING:
    from omg.session.conversation import Conversation
    from omg.session.glance import Glance

_SOON = 0.1
"""Seconds in which what happens is gathered before it is drawn."""


class Pane(Vertical):
    """Shows something of a conversation that changes with its requests, calls and forks."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.glance: Glance | None = None
        self._stale = False
        self._ready: Glance | None = None
        """The glance whose prices are loaded."""
        self._clock: Timer | None = None

    def adopt(self, conversation: Conversation) -> None:
        """Show this conversation from now on."""
        from omg.session.glance import Glance

        self.glance = Glance(conversation)
        if self.is_attached:
            self.run_worker(self._begin(self.glance), exclusive=True)

    def heard(self, event: Event) -> None:
        """Something happened. What streams changes nothing here."""
        if not isinstance(event, Text | Thinking | ToolOutput):
            self.changed()

    def changed(self) -> None:
        """Draw anew, soon."""
        if not self._stale and self.is_attached:
            self._stale = True
            self.call_later(self._gather)  # this may be called from any task, and timers belong to the pane's own

    def _gather(self) -> None:
        self.set_timer(_SOON, self.redraw)

    async def _begin(self, glance: Glance) -> None:
        await glance.begin()
        if glance is self.glance:
            self._ready = glance
            self.redraw()

    def on_mount(self) -> None:
        """A tick for what shows the time; it rests until there is something to show."""
        self._clock = self.set_interval(1.0, self._tick, pause=True)
        if self.glance is not None:
            self.run_worker(self._begin(self.glance), exclusive=True)

    def on_show(self) -> None:
        self.changed()

    def on_resize(self) -> None:
        self.changed()

    def _tick(self) -> None:
        if self.display:
            self.redraw()

    def redraw(self) -> None:
        """Draw what there is now, where anybody can see it."""
        self._stale = False
        if not (self.is_attached and self.display):
            return
        ticks = self._ready is not None and self._ready is self.glance and self.draw(self._ready, self._ready.now)
        if self._clock is not None:
            self._clock.resume() if ticks else self._clock.pause()

    @abstractmethod
    def draw(self, glance: Glance, now: float) -> bool:
        """Draw; whether it will look different in a second, though nothing happens. `now` is in seconds, UTC epoch."""
