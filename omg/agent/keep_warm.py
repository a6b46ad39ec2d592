"""Keep warm: between a person's turns, pings that read main's prefix before it lapses, for as long as they pay."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from omg.agent import bill
from omg.agent.budget import Exhausted
from omg.agent.journal import JournalError
from omg.agent.live import Live
from omg.agent.replay import ReplayFailed
from omg.agent.runtime import Runtime
from omg.agent.silent import Silent, send_off, tokens_asked
from omg.agent.ttl import cold_usd, rates_of
from omg.agent.warm import marks_of
from omg.cache.forecast import Hit
from omg.cache.policy import BreakEven, Stake, break_even, next_ping
from omg.core.events import Event, Notice, Requested, TurnEnded, UserSaid
from omg.core.usage import Ttl
from omg.provider.protocol import ProviderError
from omg.wire.guard import Diverged

Sleep = Callable[[float], Awaitable[None]]

_PATIENCE = 5.0
"""Seconds that a ping under way is given to end when the session is closed."""


@dataclass(frozen=True, slots=True)
class Warmth:
    """What main's next ping would keep, and its price."""

    ping: Silent
    hit: Hit
    even: BreakEven

    @property
    def ttl(self) -> Ttl:
        return self.hit.entry.ttl


@dataclass(slots=True)
class KeepWarm:
    """Pings for main, from the end of each turn until the person speaks, is gone, or it pays no more."""

    runtime: Runtime
    live: Callable[[], Live]
    """Main."""
    sleep: Sleep = asyncio.sleep
    due: float | None = None
    """When the next ping is to go, in seconds, UTC epoch; None where none is planned."""
    spent_usd: float = 0.0
    """What the pings of this gap have cost."""
    _ended: float = 0.0
    _watch: asyncio.Task[None] | None = None
    _flight: asyncio.Task[None] | None = None

    def heard(self, event: Event) -> None:
        """Begin when a turn of main has ended, stop when the next one begins."""
        if event.branch != "main":
            return
        if isinstance(event, TurnEnded):
            self._begin()
        elif isinstance(event, UserSaid) or (isinstance(event, Requested) and event.purpose == "turn"):
            self.stop()

    def _begin(self) -> None:
        self.stop()
        self._ended, self.spent_usd = self.runtime.clock(), 0.0
        if self.runtime.habits.keep_warm and self.runtime.habits.typed:
            self._watch = asyncio.create_task(self._watched(), name="keep warm")

    def stop(self) -> None:
        """Send no more pings. One that is under way ends by itself: its bill must be known."""
        if self._watch is not None:
            self._watch.cancel()
        self._watch, self.due = None, None

    async def close(self) -> None:
        """Stop, and wait for a ping under way."""
        self.stop()
        if self._flight is not None and not self._flight.done():
            await asyncio.wait([self._flight], timeout=_PATIENCE)
            self._flight.cancel()
            await asyncio.wait([self._flight])

    async def _watched(self) -> None:
        try:
            await self._keep()
        except (ProviderError, JournalError, ReplayFailed, Diverged, Exhausted) as error:
            self._say(f"the cache is not kept warm any longer: {error}")
        except Exception as error:  # noqa: BLE001 - the border of keeping warm: a bug in it must harm nobody
            self._say(f"the cache is not kept warm any longer: {type(error).__name__}: {error}")
        finally:
            if self._watch is asyncio.current_task():
                self.due = None

    def _say(self, text: str) -> None:
        self.runtime.emit(Notice(branch="main", at=self.runtime.clock(), text=text))

    async def _keep(self) -> None:
        """Wait and ping, and look again each time: a fork may have read the prefix meanwhile, or the machine slept."""
        while (warmth := self.warmth()) is not None and (wait := self._wait(warmth)) is not None:
            self.due = self.runtime.clock() + wait
            if wait > 0:
                await self.sleep(wait)
            else:
                await self._ping(warmth)

    def warmth(self) -> Warmth | None:
        """What a ping would keep now; None where it would not just read main's last request again: main is at work,
        nothing of it lives, or the endpoint or its prices do not allow it."""
        live, runtime = self.live(), self.runtime
        branch = live.branch
        tokens, last = tokens_asked(runtime, branch.head), runtime.tree.requests.get(branch.last_request or 0)
        if live.busy or last is None or tokens is None or not last.logged.marks:
            return None
        tip, marks = runtime.tree.nodes[last.logged.tip], marks_of(runtime.tree, last)
        found = runtime.foretell(branch.head, tip, marks)
        if found.hit is None or found.usage.written:
            return None
        even = self._even(live, found.hit, tokens)
        ping = Silent("keep_alive", branch.head, tip, tip, marks, tokens, last.logged.epoch, found)
        return None if even is None else Warmth(ping, found.hit, even)

    def _even(self, live: Live, hit: Hit, tokens: int) -> BreakEven | None:
        """The price of a ping and of what it saves; None where unknown. A head at 1h outlives messages at 5m."""
        branch = live.branch
        kept = 0 if hit.entry.ttl == "1h" else self.runtime.holdings.tokens(branch.head, None)
        shorter = cold_usd(self.runtime, branch, hit.tokens)
        stake = Stake(0, max(0, hit.tokens - kept), hit.tokens, shorter)
        rates = rates_of(self.runtime, branch, stake)
        return None if rates is None else break_even(rates, hit.entry.ttl, stake, tokens)

    def _wait(self, warmth: Warmth) -> float | None:
        return next_ping(
            self.runtime.habits.gaps,
            warmth.ttl,
            warmth.even,
            now=self.runtime.clock(),
            since=warmth.hit.entry.since,
            ended=self._ended,
            spent_usd=self.spent_usd,
        )

    async def _ping(self, warmth: Warmth) -> None:
        """Send one ping, and count what it has cost."""
        tree, flight = self.runtime.tree, send_off(self.runtime, self.live(), warmth.ping)
        task = self._flight = asyncio.create_task(flight.fly(), name="ping")
        task.add_done_callback(_looked_at)
        await asyncio.wait([task])
        error = task.exception()
        if error is None:
            self.spent_usd += bill.cost(tree, tree.requests[flight.logged.n]) or warmth.even.ping_usd
        elif not (isinstance(error, ProviderError) and flight.silence_refused(error)):
            raise error


def _looked_at(task: asyncio.Task[None]) -> None:
    """Whoever waited for it may be gone: what it failed of is on record."""
    if not task.cancelled():
        task.exception()
