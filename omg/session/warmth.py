"""How the cache is kept, in words: the ttl of main's messages with its arithmetic, and the pings between turns."""

from __future__ import annotations

from omg.agent.ttl import decide
from omg.cache.policy import Decision
from omg.core.amounts import money
from omg.session.conversation import Conversation
from omg.session.glance import Glance
from omg.session.telling import going_cold, until


def kept(conversation: Conversation) -> str:
    """For `/cache`: what is held, the next compaction, the ttl and its reasons, the pings; less where the endpoint
    honours no markers."""
    glance = Glance(conversation)
    held = glance.held()
    warm = f"{until(held, glance.now)}: {going_cold(held, glance.now)}" if held else ""
    return "\n".join(text for text in (warm, glance.compaction(), _decided(conversation)) if text)


def _decided(conversation: Conversation) -> str:
    runtime = conversation.agent.runtime
    branch = conversation.tree.branches["main"]
    if runtime.setup_of(branch.head).ttls is None:
        return "this endpoint decides by itself what it caches, and for how long"
    return f"{_ttl(decide(runtime, branch))}\n{_pings(conversation)}"


def _ttl(decision: Decision) -> str:
    reckoned = ""
    if decision.usd_5m is not None and decision.usd_1h is not None:
        reckoned = f": {money(decision.usd_5m)} a turn at 5m, {money(decision.usd_1h)} at 1h"
    return f"main's messages are written for {decision.ttl} ({decision.why}){reckoned}"


def _pings(conversation: Conversation) -> str:
    habits, warm, now = conversation.config, conversation.warm, conversation.agent.runtime.clock()
    if not habits.typed:
        return "no pings: nobody types here"
    if not habits.keep_warm:
        return "no pings: they are off in the settings"
    warmth = warm.warmth()
    if warmth is None:
        return "no pings: there is nothing they could keep now, or its price is unknown"
    spent = f"; {money(warm.spent_usd)} spent since the last turn" if warm.spent_usd else ""
    price = f"{money(warmth.even.ping_usd)} a ping, {money(warmth.even.rewrite_usd)} for writing it again"
    if warm.due is None:
        return f"no more pings: they would cost more than they may save ({price}{spent})"
    minutes = max(0.0, warm.due - now) / 60
    return f"the next ping goes in {minutes:.0f} min, at most {warmth.even.pings} in a row ({price}{spent})"
