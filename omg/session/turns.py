"""A person's side of a conversation: one turn after another, and what they said that waits for its turn."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from omg.core.events import Event, TurnEnded
from omg.core.spoken import Attachment, Image, Spoken, together

if TYPE_CHECKING:
    from omg.agent.turn import Outcome
    from omg.session.conversation import Conversation


@dataclass(slots=True)
class Turns:
    """Runs main's turns. What is said meanwhile is queued for the next one, or steers the one under way.

    `changed` is called when something waits or waits no longer. `returned` gives back what did not go out, or was
    taken back: the turn was interrupted or failed. `failed` is told of what no turn may raise.
    """

    conversation: Conversation
    changed: Callable[[], None]
    returned: Callable[[Spoken], None]
    failed: Callable[[BaseException], None]
    queued: list[Spoken] = field(default_factory=list[Spoken])
    _draft: Spoken | None = None
    _task: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.conversation.hub.listen(self._heard)
        self._draft, self.conversation.draft = self.conversation.draft, None
        self._give_back()

    def _heard(self, event: Event) -> None:
        if isinstance(event, TurnEnded) and event.branch == "main":
            self._draft = Spoken(event.draft or "", event.attachments) or None

    def _give_back(self) -> None:
        """What was said in the last turn, where it was taken back, and what was queued behind it."""
        said = together([*([self._draft] if self._draft else []), *self.queued])
        self._draft, self.queued = None, []
        if said:
            self.returned(said)

    @property
    def busy(self) -> bool:
        return self._task is not None and not self._task.done()

    def say(self, words: str, attachments: Sequence[Attachment] = ()) -> None:
        """Say `words` now, or when what is under way and queued is done."""
        if self.busy:
            self.queued.append(Spoken(words, tuple(attachments)))
            self.changed()
        else:
            self._start(self.conversation.say(words, attachments))

    def steer(self, words: str, attachments: Sequence[Attachment] = ()) -> None:
        """Put `words` into the turn under way, after the running tools; without one, say them. Images wait for the
        next turn: what they cost is agreed to before it."""
        if self.conversation.busy and not any(isinstance(one, Image) for one in attachments):
            self.conversation.agent.steer("main", words, attachments)
            self.changed()
        else:
            self.say(words, attachments)

    def join(self, child: str | None) -> None:
        """One turn over the pending reports, or that of one child."""
        self._start(self.conversation.agent.join(child))

    @property
    def steers(self) -> list[Spoken]:
        """What waits for the running tools."""
        return self.conversation.agent.live("main").steers

    def take_back(self) -> Spoken | None:
        """The newest of what waits, which then waits no longer."""
        waiting = self.queued or self.steers
        said = waiting.pop() if waiting else None
        self.changed()
        return said

    def remove(self, said: Spoken) -> bool:
        """Let `said` wait no longer; whether it still did."""
        for waiting in (self.queued, self.steers):
            place = next((place for place, one in enumerate(waiting) if one is said), None)
            if place is not None:
                del waiting[place]
                self.changed()
                return True
        return False

    def move(self, said: Spoken, by: int) -> None:
        """Let `said` wait that many places later (or earlier, below 0) among what is queued."""
        place = next((place for place, one in enumerate(self.queued) if one is said), None)
        if place is not None:
            self.queued.insert(max(place + by, 0), self.queued.pop(place))
            self.changed()

    def send_now(self, said: Spoken) -> None:
        """Put what is queued into the turn under way instead."""
        if any(one is said for one in self.queued) and self.remove(said):
            self.steer(said.words, said.attachments)

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
            said = self.queued.pop(0)
            outcome = await self.conversation.say(said.words, said.attachments)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._give_back()
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.failed(error)
        self.changed()
