"""Where a branch's next request is marked, and for how long: the plan, told what is known of the branch."""

from __future__ import annotations

from omg.agent.compose import instruction_spot
from omg.agent.live import Live
from omg.agent.runtime import Runtime
from omg.agent.ttl import ttls_of
from omg.cache.holdings import Known
from omg.cache.places import HEAD
from omg.cache.plan import First, Spot, Ttls, last_spot, plan
from omg.core.events import ONE_SHOT
from omg.wire.chain import Node
from omg.wire.head import Head
from omg.wire.request import Body, Mark

_ANCHORED_BELOW = 1 / 16
"""The part of a prefix that may be missing in the cache for the rest to be worth an hour: the 1h price of that much is
less than one in ten of what writing all of it again would cost."""
_SHORT = 2_000
"""Tokens of messages that may be written once more, should the person be gone for longer than five minutes now."""


def marks_for(runtime: Runtime, live: Live, tip: Node, last: Body | None) -> tuple[Mark, ...]:
    """The breakpoints of the branch's next request; `last` is what it extends."""
    ttls, head = ttls_of(runtime, live.branch), live.branch.head
    if ttls is None:
        return ()
    ttls = _told_apart(runtime, head, tip, ttls)
    last_tail = held(runtime, head, tip) or _tail(last, tip)
    one_shot, lookback = _one_shot(live), runtime.setup_of(head).reading.lookback
    return plan(
        head,
        tip,
        last_tail=last_tail,
        shared=_within(live.shared, tip),
        first=None if one_shot else _first(runtime, live, tip),
        one_shot=one_shot,
        ttls=ttls,
        lookback=lookback,
    )


def _told_apart(runtime: Runtime, head: Head, tip: Node, ttls: Ttls) -> Ttls:
    """Where nobody has counted the head, a short first message is written in another class than the head, so that the
    bill tells the head's tokens by themselves: by them the first read of every other session is foretold."""
    runtime.recall(head, runtime.clock())
    holdings = runtime.holdings
    if ttls != Ttls("1h", "1h") or holdings.count(head, HEAD) is not None:
        return ttls
    short = holdings.tokens(head, tip) - holdings.tokens(head, None) <= _SHORT
    return Ttls("1h", "5m") if short else ttls


def _within(spot: Spot | None, tip: Node) -> Spot | None:
    """A spot that is on a history; a history that has lost it is for the guard to refuse, which names the byte."""
    if spot is None or not tip.extends(spot.node):
        return None
    return Spot(tip.at_depth(spot.node.depth) or spot.node, spot.block)


def _one_shot(live: Live) -> bool:
    """Whether nobody will read the branch's own tail. A question aside that has begun to look around does."""
    looks_around = live.purpose == "aside" and live.branch.last_request is not None
    return live.purpose in ONE_SHOT and not looks_around


def held(runtime: Runtime, head: Head, tip: Node) -> Spot | None:
    """The deepest place of a history that the provider holds: the branch's last tail, or what its forks wrote."""
    known = deepest(runtime, head, tip)
    return Spot(known.node, known.block) if known is not None and known.node is not None else None


def deepest(runtime: Runtime, head: Head, tip: Node) -> Known | None:
    """The deepest living entry in a history's messages."""
    now = runtime.clock()
    chain = (known for known in runtime.holdings.chain(head, tip) if known.node is not None)
    return next((known for known in chain if known.entry.begun is not None and now < known.entry.expires), None)


def _tail(last: Body | None, tip: Node) -> Spot | None:
    """The tail of what a request extends; a fork of an earlier place extends a part only, without it."""
    extends = last is not None and last.tip is not tip and tip.extends(last.tip)
    return last_spot(last.tip) if last is not None and extends else None


def _first(runtime: Runtime, live: Live, tip: Node) -> First | None:
    """What is particular to a fork's first request; None for any other."""
    branch = live.branch
    if branch.made.parent is None or branch.last_request is not None or tip.parent is not branch.base:
        return None
    siblings = instruction_spot(tip)
    if siblings is None:
        return None
    return First(siblings, live.leads, cheap_to_anchor(runtime, branch.head, tip, live.shared))


def cheap_to_anchor(runtime: Runtime, head: Head, tip: Node, point: Spot | None) -> bool:
    """Whether nearly all of what stands before the fork point is in the cache, and nobody has fixed all at 5m."""
    holdings = runtime.holdings
    if point is None or runtime.habits.ttl == "5m":
        return False
    read = runtime.foretell(head, tip, [Mark("5m", point.node, point.block)]).usage.read
    tokens = holdings.tokens(head, point.node, point.block)
    return tokens - read <= _ANCHORED_BELOW * tokens
