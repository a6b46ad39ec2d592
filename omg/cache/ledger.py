"""The ledger: what each request used, what it cost and would have cost, and the sums over any set of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import fsum

from omg.cache.prices import LISTED, PriceList
from omg.cache.witness import Witness
from omg.core.usage import Usage, total


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
    prices: PriceList = LISTED
    witness: Witness | None = None
    """What the provider says of it, where it was asked."""
    disputed: str | None = None
    """The same in words, where it says something else than `cause`."""

    @property
    def cost_usd(self) -> float | None:
        """Dollars; None where nothing is known of its usage, or of its price. A request whose output is unknown costs
        at least what is known of it."""
        known = self._known
        return None if known is None else self.prices.cost(known, self.model, self.endpoint, at=self.at)

    @property
    def uncached_usd(self) -> float | None:
        """Dollars for the same request if there were no cache; None where that is not known."""
        known = self._known
        return None if known is None else self.prices.cost_uncached(known, self.model, self.endpoint, at=self.at)

    @property
    def _known(self) -> Usage | None:
        cut = self.usage is not None and self.usage.output is None
        return replace(self.usage, output=self.output_at_least) if self.usage is not None and cut else self.usage


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


def figures(lines: Iterable[Line]) -> Figures:
    """The sums over `lines`."""
    billed = [line for line in lines if line.usage is not None]
    cost, uncached = _sum(line.cost_usd for line in billed), _sum(line.uncached_usd for line in billed)
    saved = None if cost is None or uncached is None else uncached - cost
    return Figures(total(line.usage for line in billed if line.usage is not None), len(billed), cost, saved)


def _sum(values: Iterable[float | None]) -> float | None:
    known = list(values)
    return None if None in known else fsum(value for value in known if value is not None)
