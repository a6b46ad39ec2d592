"""Blame: hold what a request was billed against its forecast, and name the cause of what is missing."""

from __future__ import annotations

from omg.cache.cause import Cause
from omg.cache.forecast import Forecast, Hit
from omg.cache.rules import MINIMUMS
from omg.core.usage import Usage

_SETTLES = 5.0
"""Seconds after a writer's reply has begun within which its entry may not be readable yet."""
_INEXACT = 0.01
"""The part by which an estimated position may be off: so little is no loss."""
_NEAR_END = 0.9
"""The part of an entry's life behind which its end may have come, by the provider's clock."""


def blame(forecast: Forecast, usage: Usage, *, sent: float, account: str) -> Cause | None:
    """Why a request read less than it might have; None where nothing is missing.

    Where the forecast has come true, what it said was lost is the cause. Where less was read than foretold, the causes
    are tried by what the figures and the times rule out; only what is left over is an eviction, and where even
    that does not fit the figures the loss is unexplained.
    """
    hit, foretold = forecast.hit, forecast.usage.read or forecast.usage.written
    if foretold and not usage.read and not usage.written:
        return _unheeded(usage, foretold)
    if usage.read >= forecast.best * (1 - _INEXACT):
        return None
    if hit is None or usage.read >= forecast.usage.read:
        return forecast.lost
    missing = forecast.usage.read - usage.read
    entry = hit.entry
    if account and entry.account and account != entry.account:
        return Cause("another_account", missing, f"{entry.account} before, {account} now")
    if entry.begun is not None and entry.proven > sent and sent - entry.begun < _SETTLES:
        return Cause("not_yet_readable", missing, f"{sent - entry.begun:.1f} s after its writer's reply began")
    age = sent - entry.since
    if age > _NEAR_END * (entry.expires - entry.since):
        return Cause("ttl_lapse", missing, f"{entry.ttl}, {age:.0f} s since it was last used")
    if _fits(forecast.chain, hit, usage):
        return Cause("evicted", missing)
    return Cause("unexplained", missing)


def _unheeded(usage: Usage, missing: int) -> Cause:
    """Marked, and neither read nor written: too short, unless it is longer than any minimum known."""
    short = usage.input < max(MINIMUMS.values())
    words = f"{usage.input} tokens were neither read nor written"
    return Cause("below_minimum" if short else "markers_ignored", missing, words)


def _fits(chain: tuple[Hit, ...], hit: Hit, usage: Usage) -> bool:
    """Whether losing the deepest entries alone gives this figure: an earlier one was read instead, or none."""
    return usage.read == 0 or any(_is_at(other, usage.read) for other in chain if other.place != hit.place)


def _is_at(hit: Hit, read: int) -> bool:
    return abs(hit.tokens - read) <= (0 if hit.counted else _INEXACT * read)
