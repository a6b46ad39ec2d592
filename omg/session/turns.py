"""A person's side of a conversation: one turn after another, and the words that wait for their turn."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from omg.agent.turn import Outcome
from omg.core.events import Event, TurnEnded
from omg.session.conversation import Conversation


@dataclass(slots=True)
class Turns:
    """Runs main's turns. What is said meanwhile is queued for the next one, or steers the one under way.

    `changed` is called when words wait or wait no longer. `returned` gives words back that did not go out, or were
    taken back: the turn was interrupted or failed. `failed` is told of what no turn may raise.
    """

    conversation: Conversation
    changed: Callable[[], None]
    returned: Callable[[str], None]
    failed: Callable[[BaseException], None]
    queued: list[str] = field(default_factory=list[str])
    _draft: str | None = None
    _task: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.conversation.hub.listen(self._heard)
        self._draft, self.conversation.draft = self.conversation.draft, None
        self._give_back()

    def _heard(self, event: Event) -> None:
        if isinstance(event, TurnEnded) and event.branch == "main":
            self._draft = event.draft

    def _give_back(self) -> None:
        """The words of the last turn, where they were taken back, and what was queued behind it."""
        words = [*([self._draft] if self._draft else []), *self.queued]
        self._draft, self.queued = None, []
        if words:
            self.returned("\n\n".join(words))

    @property
    def busy(self) -> bool:
        return self._task is not None and not self._task.done()

    def say(self, words: str) -> None:
        """Say `words` now, or when what is under way and queued is done."""
        if self.busy:
            self.queued.append(words)
            self.changed()
        else:
            self._start(self.conversation.say(words))

    def steer(self, words: str) -> None:
        """Put `words` into the turn under way, after the running tools; without one, say them."""
        if self.conversation.busy:
            self.conversation.agent.steer("main", words)
            self.changed()
        else:
            self.say(words)

    def join(self, child: str | None) -> None:
        """One turn over the pending reports, or that of one child."""
        self._start(self.conversation.agent.join(child))

    @property
    def steers(self) -> list[str]:
        """The words that wait for the running tools."""
        return self.conversation.agent.live("main").steers

    def take_back(self) -> str | None:
        """The newest words that wait, which then wait no longer."""
        waiting = self.queued or self.steers
        words = waiting.pop() if waiting else None
        self.changed()
        return words

    def interrupt(self) -> bool:
        """Interrupt the turn under way; whether there was one."""
        return self.conversation.agent.interrupt()

    async def idle(self) -> None:
        """Return when no turn is under way any more."""
        if self._task is not None:
            await asyncio.wait([self._task])

    def _start(self, turn: Awaitable[Outcome]) -> None:
        self._task = asyncio.ensure_future(self._run(turn))
        self._task.add_done_callback(self._ended)
        self.changed()

    async def _run(self, turn: Awaitable[Outcome]) -> None:
        outcome = await turn
        while self.queued and outcome.stop == "end_turn":
            outcome = await self.conversation.say(self.queued.pop(0))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._give_back()
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.failed(error)
        self.changed()
