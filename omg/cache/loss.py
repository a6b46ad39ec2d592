"""What a miss has cost: tokens that were paid for in full, and might have been read."""

from __future__ import annotations

from omg.cache.prices import Rates
from omg.core.usage import Usage


def loss_usd(rates: Rates, usage: Usage, lost: int) -> float:
    """Dollars that one request cost more because `lost` of its input tokens were not read.

    They stand right behind what was read, and there a request pays for its 1h writes first, then for its 5m writes,
    then for what it neither reads nor writes.
    """
    left, usd = lost, 0.0
    hour = rates.write_5m if rates.write_1h is None else rates.write_1h
    for tokens, rate in ((usage.write_1h, hour), (usage.write_5m, rates.write_5m), (usage.plain, rates.plain)):
        taken = min(left, tokens)
        left -= taken
        usd += taken * (rate - rates.read)
    return usd / 1_000_000
