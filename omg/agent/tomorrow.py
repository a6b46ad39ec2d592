"""Tomorrow: before a prefix goes cold, a summary of it is written at read price, where the numbers say so.

It replaces nothing. Whoever comes back when all of it would have to be written again may go on from it instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from omg.agent.cold import Offer, offers, priced, summary_tokens
from omg.agent.compact import CompactionRefused, Compactor
from omg.agent.live import Live
from omg.agent.marking import deepest
from omg.agent.runtime import Runtime
from omg.agent.spending import listed
from omg.agent.summary import SUMMARY_TOKENS
from omg.agent.visits import LONG, away
from omg.core.amounts import money
from omg.core.events import Event, Notice, Requested, TurnEnded, UserSaid
from omg.core.trouble import Trouble
from omg.core.usage import TTL_SECONDS

_MARGIN = 0.08
"""The part of an entry's life before its end in which a draft is written: behind the time of the last ping."""
_STALE = 0.25
"""The part of a history that may have come after a draft for it to be good still."""

Sleep = Callable[[float], Awaitable[None]]
When = Literal["the cache ends soon", "you leave"]


def returns(gaps: Sequence[float], idle: float) -> float:
    """The chance that who has been away for `idle` seconds comes back after a long time, when a summary is of use: by
    this person's own gaps (the rule of succession: half, with no history)."""
    longer = sum(gap > idle for gap in gaps)
    return (sum(gap > max(idle, LONG) for gap in gaps) + 1) / (longer + 2)


@dataclass(frozen=True, slots=True)
class Worth:
    """What a draft costs, and what it is expected to save, in dollars."""

    cost_usd: float
    saves_usd: float

    @property
    def pays(self) -> bool:
        return self.saves_usd > self.cost_usd


@dataclass(slots=True)
class Tomorrow:
    """Drafts for main: near the end of its entry's life between two turns, and when the session is left."""

    runtime: Runtime
    compactor: Compactor
    live: Callable[[], Live]
    """Main."""
    sleep: Sleep = asyncio.sleep
    _watch: asyncio.Task[None] | None = None
    _writing: asyncio.Task[bool] | None = None

    def heard(self, event: Event) -> None:
        """Begin when a turn of main has ended, stop when the next one begins."""
        if event.branch != "main":
            return
        if isinstance(event, TurnEnded):
            self.stop()
            if self.runtime.limits.draft:
                self._watch = asyncio.create_task(self._watched(), name="tomorrow")
        elif isinstance(event, UserSaid) or (isinstance(event, Requested) and event.purpose == "turn"):
            self.stop()

    def stop(self) -> None:
        """Begin no draft any more in this gap. One under way is written to its end: most of it is paid."""
        if self._watch is not None:
            self._watch.cancel()
        self._watch = None

    async def _watched(self) -> None:
        while (wait := self._until_end()) is not None:
            if wait > 0:
                await self.sleep(wait)
                continue
            self._writing = asyncio.create_task(self.draft("the cache ends soon"), name="draft")
            return

    def _until_end(self) -> float | None:
        """Seconds until a draft is to be written; None where nothing of main is held."""
        branch, runtime = self.live().branch, self.runtime
        known = deepest(runtime, branch.head, branch.tip) if branch.tip else None
        if known is None:
            return None
        entry = known.entry
        return max(0.0, entry.expires - _MARGIN * TTL_SECONDS[entry.ttl] - runtime.clock())

    async def left(self) -> None:
        """The session is about to be closed: finish a draft under way, or write one where that pays."""
        self.stop()
        if self._writing is not None and not self._writing.done():
            await self._writing
        elif self.runtime.limits.draft:
            await self.draft("you leave")

    async def draft(self, when: When) -> bool:
        """Write a draft if that pays; whether one was written."""
        worth = self.worth(LONG if when == "you leave" else away(self.runtime.tree, self.runtime.clock()))
        if worth is None or not worth.pays or self.live().busy:
            return False
        why = f"{when}; a summary costs {money(worth.cost_usd)} now, and may save {money(worth.saves_usd)} tomorrow"
        try:
            await self.compactor.draft(self.live(), why)
        except CompactionRefused:
            return False
        except Trouble as error:
            self._say(f"no summary was prepared: {error}")
            return False
        return True

    def worth(self, idle: float) -> Worth | None:
        """The arithmetic: what a visit tomorrow costs from all of the history, or what is left of it without old tool
        output, against from a summary, for somebody who has been away for `idle` seconds. None where there is a draft
        still, or a price is unknown."""
        live, runtime = self.live(), self.runtime
        branch = live.branch
        if branch.tip is None or branch.tip is not branch.accepted or self._fresh(live):
            return None
        prices, whole = listed(runtime, branch.head), runtime.holdings.tokens(branch.head, branch.tip)
        without = [one.visit_usd for one in offers(runtime, live, cold=True) if one.kind in ("all", "pruned")]
        size = summary_tokens(runtime, live, SUMMARY_TOKENS, branch.tip)
        summary: Offer = priced(runtime, branch, "summary", "", size, 0)
        known = [usd for usd in without if usd is not None]
        if prices is None or summary.visit_usd is None or not known:
            return None
        rates = prices.rates(whole)
        cost = (whole * rates.read + SUMMARY_TOKENS * rates.output) / 1_000_000
        return Worth(cost, returns(runtime.habits.gaps, idle) * (min(known) - summary.visit_usd))

    def _fresh(self, live: Live) -> bool:
        """Whether there is a summary that little has been said after."""
        made, branch, tokens = live.branch.summary, live.branch, self.runtime.holdings.tokens
        if made is None or branch.tip is None or not branch.tip.extends(self.runtime.tree.nodes[made.node]):
            return False
        whole = tokens(branch.head, branch.tip)
        return whole - tokens(branch.head, self.runtime.tree.nodes[made.node]) <= _STALE * whole

    def _say(self, text: str) -> None:
        self.runtime.emit(Notice(branch="main", at=self.runtime.clock(), text=text))
