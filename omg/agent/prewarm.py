"""Pre-warm: write a prefix before it is wanted, so that all who begin with it read it."""

from __future__ import annotations

from dataclasses import replace

from omg.agent.budget import Exhausted
from omg.agent.compose import placeholder
from omg.agent.journal import JournalError
from omg.agent.live import Live
from omg.agent.marking import held
from omg.agent.replay import ReplayFailed
from omg.agent.runtime import Runtime
from omg.agent.silent import Silent, send_off, tokens_asked
from omg.agent.ttl import ttls_of
from omg.agent.warm import foretell
from omg.cache.plan import First, Spot, Ttls, last_spot, plan
from omg.core.events import Notice
from omg.core.usage import Ttl, Usage
from omg.provider.protocol import ProviderError
from omg.wire.chain import Node, common
from omg.wire.guard import Diverged


async def prewarm(
    runtime: Runtime,
    live: Live,
    tip: Node,
    spot: Spot | None = None,
    ttl: Ttl | None = None,
    *,
    shared: Spot | None = None,
    anchored: bool = False,
) -> Usage | None:
    """Write the prefix of `live`'s branch up to `spot` (None: the end of `tip`), in the class `ttl` (None: the
    branch's own), with a request that ends with `tip`, which says what the branch has said or extends it.

    What it was billed; nothing where all of it is held already. None where it is not written: the endpoint has no
    markers, or the prefix is too short, or the request failed. The branch stays as it was, and nobody fails for it:
    what goes wrong is told. `shared` and `anchored` are those of a fork that is to begin with this.
    """
    upto = spot or last_spot(tip)
    ttls, tokens = ttls_of(runtime, live.branch), tokens_asked(runtime, live.branch.head)
    if ttls is None or tokens is None or upto is None:
        return None
    classes = Ttls(ttls.head, "5m" if ttls.head == "5m" else ttl or ttls.messages)
    silent = _planned(runtime, live, tip, First(upto, leads=True, anchored=anchored), shared, classes, tokens)
    foretold = silent.foretold.usage if silent.foretold else Usage()
    if not foretold.written:
        held_all = foretold.read >= runtime.holdings.tokens(silent.head, upto.node, upto.block)
        return Usage() if held_all else None
    try:
        return await _sent(runtime, live, silent)
    except (ProviderError, JournalError, ReplayFailed, Diverged, Exhausted) as error:
        runtime.emit(Notice(branch=live.name, at=runtime.clock(), text=f"the cache is not written ahead: {error}"))
        return None


def _planned(
    runtime: Runtime, live: Live, tip: Node, first: First, shared: Spot | None, ttls: Ttls, max_tokens: int
) -> Silent:
    """`tip`, with a placeholder behind it where the API needs one, marked as a leader of forks would be."""
    branch, tree = live.branch, runtime.tree
    behind = placeholder(tip, runtime.catalog)
    end = tip if behind is None else Node(tip, behind)
    end = tree.nodes.get(end.id, end)
    last_tail, lookback = held(runtime, branch.head, tip), runtime.setup_of(branch.head).reading.lookback
    marks = plan(branch.head, tip, last_tail=last_tail, shared=shared, first=first, ttls=ttls, lookback=lookback)
    foretold = foretell(runtime, branch, end, marks, runtime.clock())
    own = common(tip, branch.tip)
    return Silent("warm_up", branch.head, end, own, marks, max_tokens, branch.epoch, foretold)


async def _sent(runtime: Runtime, live: Live, silent: Silent) -> Usage | None:
    """What it was billed. Where the endpoint does not let nothing be said, a token is."""
    flight = send_off(runtime, live, silent)
    try:
        await flight.fly()
    except ProviderError as error:
        if not flight.silence_refused(error):
            raise
        return await _sent(runtime, live, replace(silent, max_tokens=1))
    settled = runtime.tree.requests[flight.logged.n].settled
    return settled.usage if settled else None
