"""Who goes when: a place for each running fork, and siblings held behind a leader where that pays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from omg.core.usage import Usage

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

    def known(self, seconds: float) -> None:
        """So much has been found out of the endpoint before: where nothing was learnt since, it is begun with."""
        self.seconds = max(self.seconds, seconds)

    def not_yet_readable(self) -> None:
        """A follower came too early: the next ones wait longer."""
        self.seconds = min(max(_FIRST_SETTLE, 2 * self.seconds), _LONGEST_SETTLE)


@dataclass(slots=True)
class Convoy:
    """Siblings that share a tail nobody has written yet: one leads, the others follow when its reply begins, or that
    to the pre-warm which is sent `ahead` of them all."""

    settling: Settling
    limit: float = LEADER_LIMIT
    ahead: Callable[[], Awaitable[Usage | None]] | None = None
    """Sends it: what it was billed; None where it has failed, and whoever leads must write by itself."""
    _opened: asyncio.Event = field(default_factory=asyncio.Event)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _leader: Usage | None = None

    @property
    def opened(self) -> bool:
        """Whether nobody is held any more."""
        return self._opened.is_set()

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

    async def written_ahead(self) -> bool:
        """For who leads: whether a pre-warm has written the tail, so that it goes with the others."""
        usage = None if self.ahead is None else await self.ahead()
        if usage is None:
            return False
        self.began(usage)
        await asyncio.sleep(self.settling.seconds)
        return True

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
