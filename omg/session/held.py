"""The warm clock: what the provider still holds of a branch, until when, and what it costs to let it go cold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from omg.agent.runtime import Runtime
from omg.agent.spending import listed
from omg.agent.state import Branch
from omg.cache.holdings import Entry, Known
from omg.cache.places import places_of
from omg.cache.policy import Stake, break_even
from omg.core.usage import Ttl
from omg.wire.chain import Node
from omg.wire.head import Head

_NEARLY = 0.9
"""The part of what is held that an entry must hold to stand for all of it."""
_AT_POINT = 4
"""Entries up to a fork point that are remembered for its forks."""


@dataclass(frozen=True, slots=True)
class Held:
    """How warm a branch is. Times are in seconds, UTC epoch."""

    expires: float | None
    """When what is held of its messages lapses; None: they are cold."""
    ttl: Ttl | None
    tokens: int
    """What is held, from the first up to the last message of it."""
    whole: int
    """All that the branch's next request carries."""
    rewrite_usd: float | None
    """What it costs beyond reading it to write it again; None where the price is unknown."""
    ping_at: float | None = None
    """When a ping will read it, so that it lives on; None where none is planned."""

    def left(self, now: float) -> float:
        """Seconds for which it is still warm; 0 where it is cold."""
        return 0.0 if self.expires is None else max(0.0, self.expires - now)

    def with_ping(self, at: float | None) -> Held:
        """The same with the time of the next ping."""
        return self if at == self.ping_at else replace(self, ping_at=at)


@dataclass(slots=True)
class Holds:
    """How warm each branch of a tree is, looked up anew only when a request, a message or its time has changed it."""

    runtime: Runtime
    _version: int = -1
    _known: dict[str, tuple[Node | None, Held | None]] = field(
        default_factory=dict[str, tuple[Node | None, Held | None]]
    )
    _points: dict[tuple[str, str], list[Known]] = field(default_factory=dict[tuple[str, str], list[Known]])
    """By head and fork point: what is held up to there, looked up once for all forks of it."""

    def of(self, branch: Branch) -> Held | None:
        """How warm a branch is now; None where the endpoint decides by itself what it holds, or nothing was said."""
        self.runtime.tally.open()
        now, version = self.runtime.clock(), self.runtime.tally.version
        if version != self._version:
            self._version = version
            self._known.clear()
            self._points.clear()
        tip, held = self._known.get(branch.name, (None, None))
        lapsed = held is not None and held.expires is not None and held.expires <= now
        if branch.name not in self._known or tip is not branch.tip or lapsed:
            held = self._looked_up(branch, now)
            self._known[branch.name] = branch.tip, held
        return held

    def _looked_up(self, branch: Branch, now: float) -> Held | None:
        if branch.tip is None or self.runtime.setup_of(branch.head).ttls is None:
            return None
        whole = self.runtime.holdings.tokens(branch.head, branch.tip)
        found = self._counting(branch, branch.tip, now)
        if found is None:
            return Held(None, None, 0, whole, self._rewrite(branch.head, "5m", whole, whole))
        entry, tokens = found
        return Held(entry.expires, entry.ttl, tokens, whole, self._rewrite(branch.head, entry.ttl, tokens, whole))

    def _counting(self, branch: Branch, tip: Node, now: float) -> tuple[Entry, int] | None:
        """The entry that counts, and the tokens up to it: of those that hold nearly all, the one that lives longest. A
        small tail behind it may lapse before, and costs little."""
        best: tuple[Entry, int] | None = None
        deepest = 0
        for known in self._living(branch, tip, now):
            tokens = self.runtime.holdings.tokens(branch.head, known.node, known.block)
            deepest = max(deepest, tokens)
            if tokens < _NEARLY * deepest:
                break
            if best is None or known.entry.expires > best[0].expires:
                best = known.entry, tokens
        return best

    def _living(self, branch: Branch, tip: Node, now: float) -> Iterator[Known]:
        """The entries of a branch's messages that live, the newest first: in what is its own, then up to its fork
        point."""
        point = branch.base if branch.made.parent is not None and branch.epoch == 1 else None
        if point is None:
            yield from self._upto(branch.head, tip, now)
            return
        for node in tip.ancestors():
            if node.depth <= point.depth:
                break
            for block, place in reversed(list(enumerate(places_of(node)))):
                entry = self.runtime.holdings.entry(branch.head, place)
                if entry is not None and _lives(entry, now):
                    yield Known(place, node, block, entry)
        key = (branch.head.id, point.id)
        if key not in self._points:
            self._points[key] = list(islice(self._upto(branch.head, point, now), _AT_POINT))
        yield from (known for known in self._points[key] if _lives(known.entry, now))

    def _upto(self, head: Head, node: Node, now: float) -> Iterator[Known]:
        chain = self.runtime.holdings.chain(head, node)
        return (known for known in chain if known.node is not None and _lives(known.entry, now))

    def _rewrite(self, head: Head, ttl: Ttl, tokens: int, whole: int) -> float | None:
        prices = listed(self.runtime, head)
        if prices is None:
            return None
        kept = self.runtime.holdings.tokens(head, None)  # it has a life of its own, and all sessions keep it
        return break_even(prices.rates(whole), ttl, Stake(0, max(0, tokens - kept), whole)).rewrite_usd


def _lives(entry: Entry, now: float) -> bool:
    return entry.begun is not None and now < entry.expires
