"""A branch at work: what it needs while the process lives, beside the state that its records add up to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from omg.agent.fanout import Place
from omg.agent.state import Branch
from omg.cache.plan import Spot
from omg.core.events import Purpose
from omg.core.spoken import Spoken
from omg.core.usage import Usage
from omg.wire.request import Body
from omg.workspace.files import BranchFiles


@dataclass(slots=True)
class Live:
    """One branch's working set. Nothing here outlives the process, and nothing needs to."""

    branch: Branch
    files: BranchFiles
    last: Body | None = None
    """The last body whose reply began; dropped while the branch rests, and then rendered again from the record."""
    shared: Spot | None = None
    """The last block that a fork shares with its parent or siblings: kept marked."""
    leads: bool = False
    """Whether siblings wait for its first reply."""
    began: Callable[[Usage], None] | None = None
    """Called once, when the branch's next reply begins."""
    place: Place | None = None
    """The place of a fork at work; main needs none."""
    steers: list[Spoken] = field(default_factory=list[Spoken])
    """Words for the turn under way."""
    task: asyncio.Task[object] | None = None
    draft: Spoken | None = None
    """What the person said and did not go out."""
    streaming: list[str] = field(default_factory=list[str])
    """The text that has arrived of the reply under way, in pieces."""
    said: str = ""
    """The text of the newest whole reply."""

    @property
    def name(self) -> str:
        return self.branch.name

    @property
    def purpose(self) -> Purpose:
        return self.branch.made.purpose

    @property
    def busy(self) -> bool:
        return self.task is not None and not self.task.done()

    def reply_began(self, body: Body, usage: Usage) -> None:
        """What was sent is final now; whoever waited for that is told."""
        self.last = body
        told, self.began = self.began, None
        if told:
            told(usage)

    def take_steers(self) -> list[Spoken]:
        """The words that wait for this turn; they wait no longer."""
        words, self.steers = self.steers, []
        return words

    def rest(self) -> None:
        """Let go of the large things."""
        self.last = None
        self.place = None
        self.task = None
