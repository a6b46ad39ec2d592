"""How forks that begin alike are sent: at once, behind a leader, or behind a pre-warm. Arithmetic alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from omg.cache.prices import Rates

Way = Literal["at once", "leader", "pre-warm"]
"""at once: each writes what all share. leader: one goes first and writes it, the others read it. pre-warm: a request
that says nothing writes it, and all read it."""

WORTH_A_WAIT = 64
"""Tokens that nobody holds under which nobody is made to wait for what it would save."""


@dataclass(frozen=True, slots=True)
class Fan:
    """What is about to go out. Tokens."""

    children: int
    shared: int
    """What all of them begin with."""
    unwritten: int
    """What of that nobody holds."""
    task: int
    """What the first of them has of its own, behind what they share."""


@dataclass(frozen=True, slots=True)
class Departure:
    """How they go, and why. Dollars are for what the ways differ in; none where a rule decided or no price is known."""

    way: Way
    why: str
    usd: Mapping[Way, float] = field(default_factory=dict[Way, float])

    def __str__(self) -> str:
        return f"{_WORDS[self.way]}: {self.why}"


_WORDS: dict[Way, str] = {
    "at once": "all go at once",
    "leader": "one leads, the others follow when its reply begins",
    "pre-warm": "what they share is written ahead of them",
}


def depart(fan: Fan, rates: Rates | None, hold_usd: float, *, prewarms: bool = True) -> Departure:
    """The cheapest way. `hold_usd` is what it is worth to a person that nobody waits for a leader. `prewarms`: whether
    the endpoint takes requests that say nothing."""
    if fan.children < 2:
        return Departure("at once", "there is one, and it writes what others can read")
    if fan.unwritten < WORTH_A_WAIT:
        return Departure("at once", "what they share is in the cache, or too short for it")
    if rates is None:
        way: Way = "leader" if hold_usd <= 0 else "at once"
        return Departure(way, f"nobody holds {fan.unwritten:,} tokens of what they share, and the price is unknown")
    usd: dict[Way, float] = {way: _usd(way, fan, rates, hold_usd) for way in _WAYS if prewarms or way != "pre-warm"}
    return Departure(min(usd, key=usd.__getitem__), _why(fan), usd)


_WAYS: tuple[Way, ...] = ("leader", "pre-warm", "at once")
"""Where two cost the same, the first."""


def _usd(way: Way, fan: Fan, rates: Rates, hold_usd: float) -> float:
    """Dollars for the unwritten tokens in all first requests, and what else this way costs.

    A leader leaves its own task unmarked, so that the bill tells how far the others will read: it is paid as plain
    and written by the next request, which would else have read it. A pre-warm is one more request, which reads what
    is held; others wait for it as long as for a leader without a task, taking time to be as tokens that are not read.
    """
    write, read = fan.unwritten * rates.write_5m, fan.unwritten * rates.read
    if way == "at once":
        return fan.children * write / 1_000_000
    if way == "leader":
        own = fan.task * (rates.plain - rates.read)
        return (write + (fan.children - 1) * read + own) / 1_000_000 + hold_usd
    once_more = (fan.shared - fan.unwritten) * rates.read
    wait = hold_usd * fan.unwritten / (fan.unwritten + fan.task)
    return (write + fan.children * read + once_more) / 1_000_000 + wait


def _why(fan: Fan) -> str:
    task = f", and the first has {fan.task:,} of its own" if fan.task else ""
    return f"nobody holds {fan.unwritten:,} of the {fan.shared:,} tokens that {fan.children} share{task}"
