"""What misses have cost, added up by cause: many small ones are told as well as a large one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from omg.cache.ledger import Line
from omg.cache.loss import loss_usd

NumberT = TypeVar("NumberT", int, float)


@dataclass(frozen=True, slots=True)
class Lost:
    """All misses of one cause. `usd` and `tokens` are None where they are not known of one of them."""

    cause: str
    count: int
    usd: float | None
    tokens: int | None = None


def usd_of(line: Line) -> float | None:
    """Dollars that a request cost more for what it did not read; None where that is not known."""
    prices = line.prices.price(line.model, line.endpoint, at=line.at)
    if prices is None or line.usage is None or line.lost is None:
        return None
    return loss_usd(prices.rates(line.usage.input), line.usage, line.lost)


def losses(misses: Iterable[tuple[str, int | None, float | None]]) -> list[Lost]:
    """Misses (cause, tokens, dollars) by their cause, the dearest first, those of unknown cost at the end."""
    by_cause: dict[str, list[tuple[int | None, float | None]]] = {}
    for cause, tokens, usd in misses:
        by_cause.setdefault(cause.partition(" (")[0], []).append((tokens, usd))
    found = [
        Lost(cause, len(each), _sum(usd for _, usd in each), _sum(tokens for tokens, _ in each))
        for cause, each in by_cause.items()
    ]
    return sorted(found, key=lambda lost: -1.0 if lost.usd is None else lost.usd, reverse=True)


def of_lines(lines: Iterable[Line]) -> list[Lost]:
    """The misses of a ledger's lines."""
    return losses((line.cause, line.lost, usd_of(line)) for line in lines if line.cause is not None)


def _sum(values: Iterable[NumberT | None]) -> NumberT | None:
    total: NumberT | None = None
    for value in values:
        if value is None:
            return None
        total = value if total is None else total + value
    return total
