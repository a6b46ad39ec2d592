"""Commands about a history that is to be shorter: fold it now, and choose how to go on where it is cold."""

from __future__ import annotations

import asyncio
from datetime import datetime

from omg.agent.cold import Offer, is_cold
from omg.agent.compact import Compactor, Quoted
from omg.agent.live import Live
from omg.agent.spending import agreed
from omg.core.amounts import money, tokens
from omg.core.trouble import Trouble
from omg.session.command import Done
from omg.session.conversation import Conversation


async def compact(conversation: Conversation, rest: str) -> Done:
    """`/compact`, and `/compact now` without waiting for forks."""
    if rest not in ("", "now"):
        raise Trouble("say /compact, or /compact now: without waiting for forks")
    agent = conversation.agent
    live, compactor = agent.live("main"), agent.compactor
    if nothing := compactor.nothing(live):
        raise Trouble(nothing)
    price = await _agreed(conversation, live, compactor)
    compactor.ask("main", now=rest == "now")
    decision = compactor.decision(live)
    if conversation.busy:
        return Done(f"folded when this step is done ({price}); nothing of it is lost")
    compactor.turn_ended(live)
    if decision.what == "wait":
        return Done(f"{decision.why} ({price}); /compact now does not wait: forks keep the old history either way")
    return Done(f"folding the history: {price}")


async def _agreed(conversation: Conversation, live: Live, compactor: Compactor) -> str:
    """The price in words, once the person agrees to it. Raises Trouble on a no."""
    found: Quoted = compactor.quoted(live)
    if not await agreed(conversation.agent.runtime, "main", f"compact {tokens(found.prefix)} tokens", found.usd):
        raise Trouble("the history stays as it is")
    return f"predicted {money(found.usd)}, cold {money(found.usd_cold)}"


async def go_on_from(conversation: Conversation, rest: str) -> Done:
    """`/from`: the ways to go on from a cold history, and what has changed since; `/from WAY`: that one, now."""
    agent = conversation.agent
    live, found = agent.live("main"), conversation.ways()
    if not found:
        raise Trouble("there is nothing to go on with yet")
    if not rest:
        changed = await asyncio.to_thread(conversation.since)
        ways = ways_text(found, cold=is_cold(agent.runtime, live.branch))
        return Done("\n".join([ways, *(f"since then: {line}" for line in changed)]))
    chosen = next((offer for offer in found if rest in (offer.kind, offer.name)), None)
    if chosen is None:
        raise Trouble(f"there is no such way: {', '.join(word_for(offer) for offer in found)}")
    if conversation.busy:
        raise Trouble("main is at work: choose when it is done")
    return Done(await conversation.choose(chosen))


def word_for(offer: Offer) -> str:
    """What to say after /from for it."""
    return offer.name if offer.kind == "anchor" else offer.kind


def ways_text(found: list[Offer], *, cold: bool) -> str:
    """The offers as lines: tokens, price and wait of each."""
    head = "the cache is cold; ways to go on:" if cold else "ways to go on, were the cache cold:"
    return "\n".join([head, *(f"  /from {_row(offer)}" for offer in found)])


def _row(offer: Offer) -> str:
    when = datetime.fromtimestamp(offer.written).strftime("  written %Y-%m-%d %H:%M") if offer.written else ""
    wait = f"~{offer.seconds:.0f} s" if offer.seconds is not None else ""
    return (
        f"{word_for(offer):10} {tokens(offer.tokens):>6} {money(offer.usd):>8} {wait:>6}  {offer.name}{when}".rstrip()
    )
