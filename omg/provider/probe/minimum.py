"""How long a prefix must be to be cached: prefixes of different length, each sent once."""

from __future__ import annotations

from omg.cache.rules import MINIMUMS
from omg.provider.probe.ask import Ask, user
from omg.provider.probe.bench import Bench, CannotTell, Experiment, Meter, Seen, Send, calibrated
from omg.provider.probe.search import Threshold

_MARGIN = 0.03
_TOLERANCE = 0.08
_FLOOR = 64
_TIMES = 8
"""How far above the published minimum it is looked for."""
_MOST = 12
"""Requests, whatever the answers."""
_TRAILING = 4
"""Tokens that a provider puts behind the last block, until it has told."""


def minimum(bench: Bench) -> Experiment:
    """Send fresh prefixes around the believed minimum until what is written and what is not are 8 % apart."""
    round_numbers = sorted({256, bench.minimum, bench.published, *MINIMUMS.values()})
    search, trailing = _search(bench.minimum, round_numbers), _TRAILING
    yield from calibrated(bench)
    for _ in range(_MOST):
        target = search.next()
        if target is None:
            break
        words = bench.meter.words_for(target)
        seen = yield Send(Ask((user(bench.text(words)),), ((0, 0, "5m"),)))
        _measure(bench, target, words, seen)
        if seen.usage.written:
            trailing = seen.usage.plain
            search.holds(seen.usage.written)
        else:
            search.lacks(max(1, seen.usage.input - trailing))
        if search.contradicts:
            raise CannotTell(f"{search.below} tokens were not cached, and {search.reached} were")
    _conclude(bench, search, round_numbers)


def _search(believed: int, round_numbers: list[int]) -> Threshold:
    over, under = ([round(number * factor) for number in round_numbers] for factor in (1 + _MARGIN, 1 - _MARGIN))
    return Threshold(
        start=round(believed * (1 + _MARGIN)),
        likely=[*over, *under],
        steps=over,
        ceiling=round(believed * _TIMES * (1 + _MARGIN)),
        floor=_FLOOR,
        tolerance=_TOLERANCE,
    )


def _measure(bench: Bench, target: int, words: int, seen: Seen) -> None:
    """Learn how many tokens words make. Raises CannotTell where the figures make no sense."""
    total = seen.usage.input
    if seen.usage.read:
        raise CannotTell("a prefix that nobody had sent was reported as read")
    if total <= 0 or abs(total - target) > target / 4:
        raise CannotTell(f"{total} tokens were reported where about {target} were sent")
    bench.meter = Meter(words, total)


def _conclude(bench: Bench, search: Threshold, round_numbers: list[int]) -> None:
    if search.reached is None:
        raise CannotTell(f"not even {search.below} tokens were cached")
    between = [number for number in round_numbers if search.below < number <= search.reached]
    published = bench.published
    found = published if published in between else min(between, default=search.reached)
    how = "as published" if found == published else f"published: {published}"
    seen = f"cached at {search.reached}" + (f", not at {search.below}" if search.below else "")
    bench.minimum = found
    bench.say("minimum", found, f"{found} tokens, {how} ({seen})")
