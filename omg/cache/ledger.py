"""The ledger: what each request used, what it cost and would have cost, and the sums over any set of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from math import fsum

from omg.core.usage import Usage, total

Price = Callable[[Usage, str, str, float], float | None]
"""Dollars for one request's usage, with this model, at this endpoint, at this time; None where unknown."""


@dataclass(frozen=True, slots=True)
class Line:
    """One request, as billed. `at` is when it was sent, in seconds, UTC epoch."""

    n: int
    branch: str
    purpose: str
    at: float
    model: str
    endpoint: str
    usage: Usage | None
    """None until the provider has said anything."""
    predicted: Usage | None = None
    cause: str | None = None
    output_at_least: int = 0
    output_at_most: int = 0
    """Bounds of an output that was never told."""
    seconds: float | None = None
    """Time to the first event of the reply."""
    lost: int | None = None
    """Tokens that were not read for `cause`; None where unknown."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums over requests. Money is None where a price is unknown."""

    usage: Usage
    requests: int
    cost_usd: float | None
    saved_usd: float | None

    def to_json(self) -> dict[str, object]:
        """The shape that scripts see."""
        return {
            "usage": self.usage.to_json(),
            "requests": self.requests,
            "cost_usd": _rounded(self.cost_usd, 6),
            "saved_usd": _rounded(self.saved_usd, 6),
            "ratio": _rounded(self.usage.ratio, 4),
            "hit": _rounded(self.usage.hit, 4),
        }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def figures(lines: Iterable[Line], price: Price, price_uncached: Price) -> Figures:
    """The sums over `lines`. A request whose output is unknown costs at least what is known of it."""
    billed = [line for line in lines if line.usage is not None]
    costs = [priced(line, price) for line in billed]
    bare = [priced(line, price_uncached) for line in billed]
    cost, uncached = _sum(costs), _sum(bare)
    saved = None if cost is None or uncached is None else uncached - cost
    return Figures(total(line.usage for line in billed if line.usage is not None), len(billed), cost, saved)


def priced(line: Line, price: Price) -> float | None:
    """Dollars for one line; None where nothing is known of its usage, or of its price."""
    if line.usage is None:
        return None
    known = replace(line.usage, output=line.output_at_least) if line.usage.output is None else line.usage
    return price(known, line.model, line.endpoint, line.at)


def _sum(values: Iterable[float | None]) -> float | None:
    known = list(values)
    return None if None in known else fsum(value for value in known if value is not None)
