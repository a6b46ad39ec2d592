"""Prices as rows: from where, how many tokens, what it costs warm and cold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from omg.core.amounts import dollars, tokens

if TYPE_CHECKING:
    from omg.cache.quote import Quote


def price_row(quote: Quote) -> str:
    """One start, in columns."""
    warm, cold = dollars(quote.usd_warm), dollars(quote.usd_cold)
    cold = f"{cold} if cold" if quote.usd_cold != quote.usd_warm else "cold"
    return f"{quote.start:<12} {tokens(quote.prefix):>6}   {warm:>7} now   {cold}"


def price_rows(quotes: Sequence[Quote]) -> str:
    """All of them, a line each."""
    return "\n".join(map(price_row, quotes))
