"""Before a message is sealed: a history that is cold, or too long, goes on as a shorter one."""

from __future__ import annotations

from dataclasses import dataclass

from omg.agent.cold import Kind, Offer, cheapest, is_cold, offers, take
from omg.agent.compact import Compactor
from omg.agent.live import Live
from omg.agent.runtime import Runtime
from omg.agent.spending import Declined, agreed
from omg.core.amounts import money, tokens
from omg.core.events import Compacted


@dataclass(slots=True)
class Room:
    """Keeps the branches of one session within what is worth its price, and within the window."""

    runtime: Runtime
    compactor: Compactor
    settled: bool = False
    """Whether a person has chosen how to go on from a cold prefix, which holds until it is warm again."""

    async def make_room(self, live: Live, coming: int = 0) -> bool:
        """Before a message of `coming` tokens is sealed: begin a new epoch if it is time. Whether one began.

        Raises Declined where a person does not agree to the price of going on."""
        began = live.branch.made.parent is None and await self._from_the_cold(live)
        return began or await self.compactor.make_room(live, coming)

    async def rescue(self, live: Live) -> bool:
        """The context is full: begin a new epoch if that can be. Whether one began."""
        return await self.compactor.rescue(live)

    async def _from_the_cold(self, live: Live) -> bool:
        runtime = self.runtime
        if not is_cold(runtime, live.branch):
            self.settled = False
            return False
        found = offers(runtime, live)
        best = found[0] if self.settled or runtime.limits.cold == "all" else cheapest(found)
        what = f"go on with {tokens(best.tokens)} tokens that are cold"
        if not await agreed(runtime, live.name, what, best.usd):
            raise Declined(f"not sent: {what} costs {money(best.usd)}; /from lists cheaper ways")
        return best.kind != "all" and await self.go_on_from(live, best, found[0])

    async def go_on_from(self, live: Live, offer: Offer, everything: Offer) -> bool:
        """Begin the epoch that `offer` is of; whether one began."""
        if not await take(self.runtime, live, offer.kind):
            return False
        self.runtime.emit(
            Compacted(
                branch=live.name,
                at=self.runtime.clock(),
                text=said_of(offer, everything, live.branch.epoch - 1),
                phase="done",
                before=everything.tokens,
                after=offer.tokens,
            )
        )
        return True


_WAYS: dict[Kind, str] = {
    "all": "with all of it",
    "pruned": "without old tool output",
    "summary": "from the summary",
    "anchor": "from an anchor",
}


def said_of(offer: Offer, everything: Offer, epoch: int) -> str:
    """How a cold history goes on, and how to have it otherwise."""
    return (
        f"the cache is cold, so on {_WAYS[offer.kind]}: {tokens(offer.tokens)} tokens ({money(offer.usd)}) instead of "
        f"{tokens(everything.tokens)} ({money(everything.usd)}); /switch {epoch} goes back to all of it"
    )
