"""A history whose prefix is cold: what it costs to go on with all of it, or with less, and which is taken.

What would change a prefix waits until it is cold anyway: then it has to be written again in any case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Literal

from omg.agent.folded import Folded, begin_epoch, beginning, carried_from
from omg.agent.live import Live
from omg.agent.prune import pruned
from omg.agent.reseal import Resealed, SpokenAt
from omg.agent.runtime import Runtime
from omg.agent.spending import listed
from omg.agent.state import Branch, Request
from omg.agent.ttl import ttls_of
from omg.agent.visits import LONG, away, requests_per_visit
from omg.cache.plan import last_spot
from omg.cache.prices import Rates
from omg.wire.chain import Node, path
from omg.wire.request import Mark

SMALL = 8_000
"""Tokens up to which nothing is gained by going on with less."""
_LITTLE = 16_000
"""Bytes of old tool output that are not worth a new epoch."""
_CHARACTERS = 4
"""Characters of prose to a token, roughly."""
_FACTS = 500
"""Tokens of what is told anew in a new epoch, roughly."""
TURNS = 3
"""The newest exchanges whose tool output is kept as it is."""
_WORTH = 0.05
"""The part of the cost of going on with all that going on with less must save."""
_RECENT = 100
"""Requests by which the wait for a first word is judged."""

Kind = Literal["all", "pruned", "summary", "anchor"]


@dataclass(frozen=True, slots=True)
class Offer:
    """One way to go on. Dollars are for the first request's input, and for a whole visit's; None where unknown."""

    kind: Kind
    name: str
    tokens: int
    usd: float | None
    visit_usd: float | None
    seconds: float | None
    """To the first word, by what this session has seen; None where it has seen nothing."""
    written: float | None = None
    """When a summary was written, in seconds, UTC epoch."""


def is_cold(runtime: Runtime, branch: Branch) -> bool:
    """Whether most of a branch's history would have to be written again now, after a long time away, and is long
    enough to matter. Over a short break all is as the person left it, whatever it costs."""
    if away(runtime.tree, runtime.clock()) < LONG:
        return False
    whole = runtime.holdings.tokens(branch.head, branch.tip) if branch.tip else 0
    return whole > SMALL and _warm(runtime, branch, branch.tip) < whole / 2


def _warm(runtime: Runtime, branch: Branch, node: Node | None) -> int:
    """Tokens that a request ending at `node` would read now."""
    spot = last_spot(node)
    if node is None or spot is None:
        return 0
    return runtime.foretell(branch.head, node, [Mark("5m", spot.node, spot.block)]).usage.read


def offers(runtime: Runtime, live: Live, *, cold: bool = False) -> list[Offer]:
    """The ways to go on with a branch, all of it first; `cold`: were nothing of it held."""
    branch = live.branch
    if branch.tip is None:
        return []
    places: list[tuple[Kind, str, Node]] = [("all", "all of it", branch.tip)]
    fewer = shorter(runtime, live)
    if fewer is not None:
        places.append(("pruned", "without old tool output", fewer[-1].node))
    for name, node in runtime.tree.anchors.items():
        if node is not branch.tip and branch.tip.extends(node):
            places.append(("anchor", f"@{name}", node))
    found = [_at(runtime, branch, kind, name, node, cold) for kind, name, node in places]
    made = branch.summary
    if made is not None and branch.tip.extends(runtime.tree.nodes[made.node]):
        size = summary_tokens(runtime, live, len(made.text) // _CHARACTERS, runtime.tree.nodes[made.node])
        found.insert(1, priced(runtime, branch, "summary", "the summary", size, 0, made.at))
    return found


def summary_tokens(runtime: Runtime, live: Live, text: int, point: Node) -> int:
    """Tokens of an epoch that would begin with a summary of `text` tokens of the history up to `point`."""
    branch, tokens = live.branch, runtime.holdings.tokens
    nodes = path(branch.tip)
    start = carried_from(runtime, live, nodes, point, TURNS)
    carried = tokens(branch.head, branch.tip) - tokens(branch.head, nodes[start].parent)
    return tokens(branch.head, None) + _FACTS + text + carried


def shorter(runtime: Runtime, live: Live) -> list[Resealed] | None:
    """The branch's history without old tool output; None where there is little of that."""
    nodes, tree = path(live.branch.tip), runtime.tree
    said = [place for place, node in enumerate(nodes) if node.id in tree.words or node.id in tree.attached]
    upto = said[-TURNS] if len(said) >= TURNS else 0

    def stub(size: int) -> str:
        return runtime.catalog.say("stub", size=str(size))

    made = pruned(nodes, upto, SpokenAt(tree.words, tree.attached), stub)
    saved = sum(node.length for node in nodes) - sum(one.node.length for one in made)
    return made if made and saved > _LITTLE else None


def _at(runtime: Runtime, branch: Branch, kind: Kind, name: str, node: Node, cold: bool) -> Offer:
    warm = 0 if cold else _warm(runtime, branch, node)
    return priced(runtime, branch, kind, name, runtime.holdings.tokens(branch.head, node), warm)


def priced(
    runtime: Runtime, branch: Branch, kind: Kind, name: str, size: int, warm: int, at: float | None = None
) -> Offer:
    """An offer of `size` tokens, of which `warm` are held."""
    rates, warm = _rates(runtime, branch, size), min(size, warm)
    seconds = _seconds(runtime, size - warm)
    if rates is None:
        return Offer(kind, name, size, None, None, seconds, at)
    first = ((size - warm) * _write(runtime, branch, rates) + warm * rates.read) / 1_000_000
    return Offer(
        kind, name, size, first, first + requests_per_visit(runtime.tree) * size * rates.read / 1_000_000, seconds, at
    )


def _rates(runtime: Runtime, branch: Branch, size: int) -> Rates | None:
    prices = listed(runtime, branch.head)
    return None if prices is None else prices.rates(size)


def _write(runtime: Runtime, branch: Branch, rates: Rates) -> float:
    ttls = ttls_of(runtime, branch)
    if ttls is None:
        return rates.plain
    return rates.write_1h if ttls.messages == "1h" and rates.write_1h is not None else rates.write_5m


def _seconds(runtime: Runtime, new: int) -> float | None:
    """To the first word of a reply to so many tokens that were not held: by what this session has seen."""
    seen = list(_waits(list(runtime.tree.requests.values())[-_RECENT:]))
    if not seen:
        return None
    base = median(seconds for _, seconds in seen)
    paces = [max(0.0, seconds - base) / new for new, seconds in seen if new > SMALL]
    return base + new * max(paces, default=0.0)


def _waits(requests: Iterable[Request]) -> Iterator[tuple[int, float]]:
    """The new tokens of each request, and the seconds to the first event of its reply."""
    for request in requests:
        if request.begun is not None:
            yield request.begun.usage.plain + request.begun.usage.written, request.begun.seconds


def cheapest(found: list[Offer]) -> Offer:
    """Which is taken where nobody chooses: the one under which a visit costs least, anchors apart, which forget what
    came after them; all of it where the others save next to nothing, or the price is unknown."""
    everything = found[0]
    others = [offer for offer in found[1:] if offer.kind != "anchor" and offer.visit_usd is not None]
    best = min(others, key=lambda offer: offer.visit_usd or 0.0, default=everything)
    if everything.visit_usd is None or best.visit_usd is None:
        return everything
    return best if best.visit_usd < (1 - _WORTH) * everything.visit_usd else everything


async def take(runtime: Runtime, live: Live, kind: Kind) -> bool:
    """Go on with less: a new epoch. Whether one began; where there is no such way any more, all stays as it was."""
    branch = live.branch
    if branch.tip is None or branch.tip is not branch.accepted:
        return False
    made = branch.summary
    if kind == "summary" and made is not None and branch.tip.extends(runtime.tree.nodes[made.node]):
        folded = await beginning(runtime, live, made, turns=TURNS)
        if branch.tip is folded.tip:
            begin_epoch(runtime, live, folded)
        return branch.base is folded.newest
    fewer = shorter(runtime, live) if kind == "pruned" else None
    if fewer is not None:
        begin_epoch(runtime, live, Folded(branch.tip, branch.head, tuple(fewer), dict(branch.told)), "pruned")
    return fewer is not None
