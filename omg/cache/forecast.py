"""What a request will read and write, said before it is sent, and why it reads less than it once could have."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from omg.cache.cause import Cause
from omg.cache.change import change
from omg.cache.holdings import Entry, Holdings
from omg.cache.pictures import images_in
from omg.cache.places import Place, looked_at
from omg.cache.rules import STRICT, Reading
from omg.core.usage import Usage
from omg.wire.chain import Node
from omg.wire.head import Head
from omg.wire.request import Mark


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry on a request's own history: where, and how many tokens up to it."""

    place: Place
    tokens: int
    entry: Entry
    counted: bool = True
    """Whether the provider has counted the tokens up to it; else they are an estimate."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """`usage` is what will be billed for input, `most` what may be where the provider holds nothing any more and what
    nobody has counted was guessed too low. `hit` is what will be read. `chain` are all entries on the history that are
    thought to live, deepest first; `lost` says why the deepest that ever was cannot be read."""

    usage: Usage
    most: Usage
    hit: Hit | None
    chain: tuple[Hit, ...]
    lost: Cause | None

    @property
    def best(self) -> int:
        """Tokens that would be read if nothing had been lost."""
        return self.usage.read + (self.lost.tokens if self.lost else 0)


def forecast(
    holdings: Holdings,
    head: Head,
    tip: Node,
    marks: Sequence[Mark],
    *,
    now: float,
    minimum: int,
    reading: Reading = STRICT,
) -> Forecast:
    """Foretell one request by the published rules: the first living entry within the look-back of the last
    breakpoint, else of the one before it, is read; what lies behind it is written up to the last breakpoint of each
    ttl class, where the prefix reaches the minimum; the rest is plain."""
    chain = _entries(holdings, head, tip)
    living = tuple(hit for hit in chain if hit.entry.begun is not None and now < hit.entry.expires)
    hit = _found(living, marks, reading)
    usage = _usage(holdings, head, tip, marks, hit.tokens if hit else 0, minimum)
    lost = _lost(chain, hit, now, reading) or _lost_to_images(holdings, head, tip, usage.read, now)
    return Forecast(usage, _most(holdings, head, tip, marks), hit, living, lost)


def behind_change(found: Forecast, holdings: Holdings, head: Head, before: Head, tip: Node, *, now: float) -> Forecast:
    """`found`, for a first request with `head` where the same history went out with the head `before`, up to `tip`:
    what is held behind that one is lost to the change, unless its time was over anyway."""
    chain = _entries(holdings, before, tip)
    missing = chain[0].tokens - found.usage.read if chain else 0
    if missing <= 0 or found.best - found.usage.read > missing:
        return found
    lost = _lapsed(chain[0], missing, now) or change(before, head, missing)
    return replace(found, lost=lost)


def _lost_to_images(holdings: Holdings, head: Head, tip: Node, read: int, now: float) -> Cause | None:
    """What was held of this history before the first image came into it: its key was another one."""
    before = _entries(holdings, head, tip, images=False) if images_in(tip) else ()
    living = [hit for hit in before if hit.entry.begun is not None and now < hit.entry.expires]
    if not living or living[0].tokens <= read:
        return None
    return Cause("model_change", living[0].tokens - read, "the first image")


def _entries(holdings: Holdings, head: Head, tip: Node, *, images: bool | None = None) -> tuple[Hit, ...]:
    """Every entry ever known on the history of `tip`, the deepest first, with the tokens up to it."""
    return tuple(
        Hit(
            known.place,
            holdings.tokens(head, known.node, known.block),
            known.entry,
            holdings.count(head, known.place) is not None,
        )
        for known in holdings.chain(head, tip, images=images)
    )


def _found(living: Sequence[Hit], marks: Sequence[Mark], reading: Reading) -> Hit | None:
    by_place = {hit.place: hit for hit in living}
    for mark in reversed(marks):
        for place in looked_at(mark, reading):
            if place in by_place:
                return by_place[place]
    return None


def _usage(holdings: Holdings, head: Head, tip: Node, marks: Sequence[Mark], read: int, minimum: int) -> Usage:
    total = max(holdings.tokens(head, tip), read)
    counted = [(mark.ttl, holdings.tokens(head, mark.node, mark.block)) for mark in marks]
    written = [(ttl, tokens) for ttl, tokens in counted if tokens > read and tokens >= minimum]
    last = max((tokens for _, tokens in written), default=read)
    hour = max((tokens for ttl, tokens in written if ttl == "1h"), default=read)
    return Usage(plain=max(0, total - last), read=read, write_5m=last - hour, write_1h=hour - read)


def _most(holdings: Holdings, head: Head, tip: Node, marks: Sequence[Mark]) -> Usage:
    """All of it written anew, and what is guessed a part more, in the dearest class."""
    usage = _usage(holdings, head, tip, marks, 0, 0)
    more = math.ceil(holdings.guessed(head, tip) * _GUESSED_LOW)
    if usage.write_1h:
        return replace(usage, write_1h=usage.write_1h + more)
    return replace(usage, write_5m=usage.write_5m + more) if marks else replace(usage, plain=usage.plain + more)


_GUESSED_LOW = 0.25
"""By how much of it a guess may be too low, before anything has been learnt."""


def _lost(chain: Sequence[Hit], hit: Hit | None, now: float, reading: Reading) -> Cause | None:
    """Why the deepest entry of the history is not the one that is read."""
    if not chain or (hit is not None and chain[0].place == hit.place):
        return None
    best = chain[0]
    tokens = best.tokens - (hit.tokens if hit else 0)
    if best.entry.begun is None:
        return Cause("not_yet_readable", tokens)
    unit = "positions" if reading.collapse_tool_runs else "blocks"
    return _lapsed(best, tokens, now) or Cause("look_back", tokens, f"more than {reading.lookback} {unit} since")


def _lapsed(best: Hit, tokens: int, now: float) -> Cause | None:
    if now < best.entry.expires:
        return None
    return Cause("ttl_lapse", tokens, f"{best.entry.ttl}, {_span(now - best.entry.since)} since it was last used")


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
