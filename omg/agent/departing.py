"""Before a fan-out leaves: what its forks share, how they go, and the pre-warm that may go ahead of them."""

from __future__ import annotations

from omg.agent.compose import Draft, fork_point, instruction_spot
from omg.agent.live import Live
from omg.agent.marking import cheap_to_anchor
from omg.agent.prewarm import prewarm
from omg.agent.runtime import Runtime
from omg.agent.silent import tokens_asked
from omg.agent.spending import listed
from omg.cache.fan import Departure, Fan, depart
from omg.cache.plan import Spot
from omg.core.usage import Usage
from omg.wire.chain import Node
from omg.wire.head import Head
from omg.wire.request import Mark
from omg.wire.seal import seal


def departure(runtime: Runtime, head: Head, base: Node | None, draft: Draft, children: int) -> Departure:
    """How `children` forks with `head` at `base` go, the first of which begins with `draft`."""
    setup, prices = runtime.setup_of(head), listed(runtime, head)
    if not setup.shares_cache:
        return Departure("at once", "the endpoint has no cache to share")
    fan = _fan(runtime, head, base, draft, children)
    rates = None if prices is None else prices.rates(fan.shared)
    return depart(fan, rates, runtime.limits.hold_usd, prewarms=tokens_asked(runtime, head) is not None)


def _fan(runtime: Runtime, head: Head, base: Node | None, draft: Draft, children: int) -> Fan:
    """Nothing counts as unwritten where all that they share is too short to be cached. The head is all that forks with
    no history share."""
    first, holdings = Node(base, draft.seal()), runtime.holdings
    point, instruction = fork_point(first, draft.words, base), instruction_spot(first)
    mark = Mark("5m", point.node, point.block) if point else Mark("1h")
    shared = holdings.tokens(head, mark.node, mark.block)
    held = runtime.foretell(head, first, [mark]).usage.read
    task = 0
    if instruction is not None:
        task = holdings.tokens(head, first) - holdings.tokens(head, first, instruction.block)
    return Fan(children, shared, shared - held if shared >= runtime.setup_of(head).minimum else 0, task)


def alike(head: Head, base: Node | None, draft: Draft) -> tuple[str, str] | None:
    """A name for all that forks begin with which begin as `draft` does, up to their tasks; None where that is
    nothing."""
    instruction = instruction_spot(Node(base, draft.seal()))
    if instruction is None:
        return None
    return head.id, Node(base, seal("user", draft.blocks[: instruction.block + 1])).id


async def write_ahead(runtime: Runtime, parent: Live, base: Node | None, draft: Draft) -> Usage | None:
    """Write what forks at `base` share, their instruction included, before the first of them goes. What that was
    billed; None where it is not written."""
    first = Node(base, draft.seal())
    point, instruction = fork_point(first, draft.words, base), instruction_spot(first)
    if instruction is None:
        return None
    alike = Node(base, seal("user", draft.blocks[: instruction.block + 1]))
    if point is not None and point.node is first:
        point = Spot(alike, point.block)
    anchored = cheap_to_anchor(runtime, parent.branch.head, alike, point)
    upto = Spot(alike, instruction.block)
    return await prewarm(runtime, parent, alike, upto, "5m", shared=point, anchored=anchored)
