"""What a spawn will cost before it happens: tokens and money from each place it could start, warm and cold."""

from __future__ import annotations

from dataclasses import dataclass

from omg.cache.forecast import forecast
from omg.cache.holdings import Holdings
from omg.cache.plan import last_spot
from omg.cache.prices import Prices
from omg.cache.rules import STRICT, Reading
from omg.core.usage import Usage
from omg.wire.chain import Node
from omg.wire.head import Head
from omg.wire.request import Mark

OWN = 150
"""Tokens of a fork's own first message, roughly: the instruction and a task."""


@dataclass(frozen=True, slots=True)
class Quote:
    """The first requests of `children` forks from one place.

    `warm` is what they use while what the provider holds now lives, `cold` when it has gone: one of them writes what
    all share and the others read it. Dollars are None where the price is unknown.
    """

    start: str
    children: int
    prefix: int
    """Tokens that each of them carries."""
    warm: Usage
    cold: Usage
    usd_warm: float | None
    usd_cold: float | None


def quote(
    holdings: Holdings,
    head: Head,
    node: Node | None,
    *,
    start: str,
    children: int,
    prices: Prices | None,
    now: float,
    minimum: int,
    reading: Reading = STRICT,
) -> Quote:
    """The price of `children` forks at `node` (None: with nothing but the head), their first requests alone."""
    prefix = holdings.tokens(head, node)
    held = _held(holdings, head, node, now, minimum, reading)
    warm, cold = _requests(prefix, held, children), _requests(prefix, 0, children)
    return Quote(start, children, prefix, _sum(warm), _sum(cold), _dollars(warm, prices), _dollars(cold, prices))


def _held(holdings: Holdings, head: Head, node: Node | None, now: float, minimum: int, reading: Reading) -> int:
    """Tokens of the prefix that would be read now."""
    spot = last_spot(node)
    if node is None or spot is None:
        return 0
    mark = Mark("5m", spot.node, spot.block)
    return forecast(holdings, head, node, [mark], now=now, minimum=minimum, reading=reading).usage.read


def _requests(prefix: int, held: int, children: int) -> list[Usage]:
    leader = Usage(read=held, write_5m=prefix - held + OWN)
    return [leader, *[Usage(read=prefix, write_5m=OWN)] * (children - 1)]


def _sum(usages: list[Usage]) -> Usage:
    return sum(usages, Usage())


def _dollars(usages: list[Usage], prices: Prices | None) -> float | None:
    if prices is None:
        return None
    costs = [prices.cost(usage) for usage in usages]
    return None if None in costs else sum(cost for cost in costs if cost is not None)
