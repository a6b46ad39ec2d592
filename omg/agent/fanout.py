"""Who goes when: a place for each running fork, and siblings held behind a leader where that pays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from omg.core.usage import Usage

WORTH_A_WAIT = 64
"""Tokens of an unwritten tail under which nobody is made to wait for what it would save."""
LEADER_LIMIT = 30.0
"""Seconds that followers wait for a leader at most."""
_FIRST_SETTLE, _LONGEST_SETTLE = 0.25, 4.0


class Places:
    """How many forks work at once."""

    def __init__(self, width: int) -> None:
        self._free = asyncio.Semaphore(max(1, width))

    @asynccontextmanager
    async def taken(self) -> AsyncGenerator[Place, None]:
        """Wait for a place, and have it until the end."""
        await self._free.acquire()
        place = Place(self._free)
        try:
            yield place
        finally:
            place.leave()


@dataclass(slots=True)
class Place:
    """One fork's place. A fork that waits for its own forks gives it up meanwhile."""

    _free: asyncio.Semaphore
    _held: bool = True
    _waits: int = 0

    def leave(self) -> None:
        """Let somebody else have it."""
        if self._held:
            self._held = False
            self._free.release()

    @asynccontextmanager
    async def given_up(self) -> AsyncGenerator[None, None]:
        """Leave it until the last of this fork's waits is over. A wait that is cancelled does not take it again: what
        is left to do then needs none."""
        self._waits += 1
        self.leave()
        try:
            yield
        finally:
            self._waits -= 1
        if self._waits == 0 and not self._held:
            await self._free.acquire()
            self._held = True


@dataclass(slots=True)
class Settling:
    """How long after a leader's `message_start` its writes become readable: learnt, and nothing until then."""

    seconds: float = 0.0

    def not_yet_readable(self) -> None:
        """A follower came too early: the next ones wait longer."""
        self.seconds = min(max(_FIRST_SETTLE, 2 * self.seconds), _LONGEST_SETTLE)


@dataclass(slots=True)
class Convoy:
    """Siblings that share a tail nobody has written yet: one leads, the others follow when its reply begins."""

    settling: Settling
    limit: float = LEADER_LIMIT
    _opened: asyncio.Event = field(default_factory=asyncio.Event)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _leader: Usage | None = None

    async def wait(self) -> bool:
        """Whether the caller leads. The leader goes at once; the others when its reply has begun, when it has failed
        (the next one leads then), or after the time limit."""
        if not self._opened.is_set():
            try:
                async with asyncio.timeout(self.limit):
                    await self._turn.acquire()
            except TimeoutError:
                self._open()
                return False
            if not self._opened.is_set():
                return True
            self._turn.release()
            await asyncio.sleep(self.settling.seconds)
        return False

    def began(self, usage: Usage) -> None:
        """A sibling's reply has begun. The first opens the way; later ones show whether it was readable."""
        if self._opened.is_set():
            leader = self._leader
            if leader is not None and leader.written and usage.read <= leader.read:
                self.settling.not_yet_readable()
            return
        self._leader = usage
        self._open()

    def leader_left(self) -> None:
        """The leader has ended. If its reply never began, the next one leads."""
        if not self._opened.is_set():
            self._turn.release()

    def _open(self) -> None:
        self._opened.set()
        if self._turn.locked():
            self._turn.release()


def holding_pays(*, siblings: int, tail: int, write_over_read: float | None, hold_usd: float) -> bool:
    """Whether followers should wait for a leader to write the `tail` tokens that all of them share and nobody holds:
    when that saves more than `hold_usd`.

    `write_over_read` is dollars by which a token written costs more than a token read; None where unknown.
    """
    if siblings < 2 or tail < WORTH_A_WAIT:
        return False
    if write_over_read is None:
        return hold_usd <= 0
    return (siblings - 1) * tail * write_over_read > hold_usd
