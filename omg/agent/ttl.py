"""Which ttl a branch's messages are written with: the policy's decision, by this person's gaps and this history."""

from __future__ import annotations

from dataclasses import replace

from omg.agent.runtime import Runtime
from omg.agent.spending import listed
from omg.agent.state import Branch
from omg.agent.summary import SUMMARY_TOKENS
from omg.agent.visits import requests_per_visit
from omg.cache.plan import Ttls
from omg.cache.policy import Decision, Stake, by_rule, decide_ttl
from omg.cache.prices import Rates
from omg.wire.chain import Node

BESIDE = 4_500
"""Tokens of what stands beside the summary in a new epoch, roughly: facts, and the newest exchanges."""


def ttls_of(runtime: Runtime, branch: Branch) -> Ttls | None:
    """The ttl classes of a branch's next request; None where the endpoint honours no markers."""
    ttls = runtime.setup_of(branch.head).ttls
    return None if ttls is None else replace(ttls, messages=decide(runtime, branch).ttl)


def decide(runtime: Runtime, branch: Branch) -> Decision:
    """The ttl of what a branch writes next, and why."""
    habits, ttls, child = runtime.habits, runtime.setup_of(branch.head).ttls, branch.made.parent is not None
    one_hour = ttls is not None and ttls.head == "1h"
    # First, because the price list takes long to load, and is needed for arithmetic alone.
    ruled = by_rule(habits.gaps, typed=habits.typed, child=child, fixed=habits.ttl, one_hour=one_hour)
    if ruled is not None:
        return ruled
    stake = stake_of(runtime, branch)
    return decide_ttl(
        habits.gaps,
        rates_of(runtime, branch, stake),
        stake,
        typed=habits.typed,
        child=child,
        readers=1 + _dependents(runtime, branch),
        pings=habits.keep_warm,
    )


def rates_of(runtime: Runtime, branch: Branch, stake: Stake) -> Rates | None:
    """What tokens of a prompt of this length cost; None where unknown."""
    prices = listed(runtime, branch.head)
    return None if prices is None else prices.rates(stake.whole)


def stake_of(runtime: Runtime, branch: Branch) -> Stake:
    """What there is to keep of a branch: its messages, an average turn of them, and all with the head before."""
    head = runtime.holdings.tokens(branch.head, None)
    whole = runtime.holdings.tokens(branch.head, branch.tip)
    messages = max(0, whole - head)
    written = messages // max(1, _turns(branch.tip))
    return Stake(written, messages, whole, cold_usd(runtime, branch, whole))


def cold_usd(runtime: Runtime, branch: Branch, whole: int) -> float | None:
    """What going on costs more after a long time away than it would have while all was warm, over a visit: with all
    of it, or with a summary, whose own price and shortness count. None where nothing shorter is gone on with."""
    prices = listed(runtime, branch.head)
    if prices is None or runtime.limits.cold == "all" or branch.made.parent is not None:
        return None
    rates, requests = prices.rates(whole), requests_per_visit(runtime.tree)
    shorter = min(whole, runtime.holdings.tokens(branch.head, None) + SUMMARY_TOKENS + BESIDE)
    draft = whole * rates.read + SUMMARY_TOKENS * rates.output if runtime.limits.draft else 0.0
    warm = (1 + requests) * whole * rates.read
    ways = (
        whole * rates.write_5m + requests * whole * rates.read,
        draft + shorter * rates.write_5m + requests * shorter * rates.read,
    )
    return max(0.0, min(ways) - warm) / 1_000_000


def _turns(tip: Node | None) -> int:
    """How many turns a history has: user messages that answer no tool call."""
    users = (node.message for node in (tip.ancestors() if tip else ()) if node.role == "user")
    return sum(all(place.kind != "tool_result" for place in message.places) for message in users)


def _dependents(runtime: Runtime, branch: Branch) -> int:
    """Who else comes back to a branch's prefix: its forks at work, and the anchors that somebody has made."""
    tree, tip = runtime.tree, branch.tip
    working = sum(child.status == "running" for child in tree.children(branch.name))
    asked = [node for name, node in tree.anchors.items() if name not in tree.automatic]
    return working + sum(tip is not None and tip.extends(anchor) for anchor in asked)
