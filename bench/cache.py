"""A prompt cache by the published rules, over the literal blocks of each request.

Written from the provider's documents ("Prompt caching", "Pricing", September 2026) and not from `omg.cache`: it is
what OMG's own foresight is held against.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from bench.prompt import Prompt
from omg.core.usage import Ttl, Usage

LOOK_BACK = 20
LIFE: dict[Ttl, float] = {"5m": 300.0, "1h": 3600.0}
MINIMUM = {"claude-opus-5-5": 512, "claude-opus-5": 512, "claude-opus-4-6": 4096}


@dataclass(slots=True)
class Entry:
    """What one breakpoint has left behind. Its life counts from the start of the request that last used it."""

    ttl: Ttl
    used: float
    readable: float = 0.0
    """From when on it can be read."""


@dataclass(frozen=True, slots=True)
class Billed:
    """One request's bill (`output` 0), and what will be in the cache when its reply begins."""

    usage: Usage
    at: float
    read: int | None
    writes: tuple[tuple[int, Ttl], ...]


class Prefixes:
    """Every prefix ever seen, as a tree of literal blocks: the same number for the same prefix, and for no other."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, str], int] = {}

    def number(self, prompt: Prompt) -> list[int]:
        """The numbers of the prefixes that end behind each block of `prompt`."""
        at, found = self._step(0, prompt.key), list[int]()
        for block in prompt.blocks:
            at = self._step(at, block.text)
            found.append(at)
        return found

    def _step(self, at: int, text: str) -> int:
        return self._numbers.setdefault((at, text), len(self._numbers) + 1)


class Cache:
    """Entries by prefix. Times are the caller's."""

    def __init__(self) -> None:
        self.minimum: int | None = None
        """A minimum for every model, where it is not the published one."""
        self.settles = 0.0
        """Seconds from the beginning of a reply until what it wrote can be read."""
        self._prefixes = Prefixes()
        self._entries: dict[int, Entry] = {}

    def bill(self, prompt: Prompt, now: float) -> Billed:
        """What `prompt`, sent now, costs. Changes nothing."""
        numbers = self._prefixes.number(prompt)
        upto = list(accumulate(block.tokens for block in prompt.blocks))
        minimum = self.minimum or MINIMUM[prompt.model]
        marks: Sequence[tuple[int, Ttl]] = tuple(_marks(prompt, upto, minimum))
        hit = self._found(numbers, [place for place, _ in marks], now)
        writes = [one for one in marks if hit is None or one[0] > hit]
        read = 0 if hit is None else upto[hit]
        hour = max((upto[place] for place, ttl in writes if ttl == "1h"), default=read)
        last = max((upto[place] for place, _ in writes), default=read)
        usage = Usage(plain=upto[-1] - last, read=read, write_5m=last - hour, write_1h=hour - read)
        return Billed(usage, now, None if hit is None else numbers[hit], tuple(_numbered(writes, numbers)))

    def begin(self, billed: Billed, now: float = 0.0) -> None:
        """Its reply begins: from now on (or a little later) others can read what it has written."""
        entry = self._entries.get(billed.read or 0)
        if entry is not None:
            entry.used = max(entry.used, billed.at)
        for number, ttl in billed.writes:
            before = self._entries.get(number)
            longer = before is not None and self._lives(number, billed.at) and before.ttl == "1h"
            self._entries[number] = Entry("1h" if longer else ttl, billed.at, now + self.settles)

    def _found(self, numbers: Sequence[int], marks: Sequence[int], now: float) -> int | None:
        return next((place for place in _looked_at(marks) if self._lives(numbers[place], now)), None)

    def _lives(self, number: int, now: float) -> bool:
        entry = self._entries.get(number)
        return entry is not None and entry.readable <= now < entry.used + LIFE[entry.ttl]

    def evict(self, newest: int | None = None) -> None:
        """So many of the newest entries are gone; all of them for None."""
        for number in list(reversed(self._entries))[:newest]:
            del self._entries[number]


def _marks(prompt: Prompt, upto: Sequence[int], minimum: int) -> Iterator[tuple[int, Ttl]]:
    """The breakpoints that count: those whose prefix is long enough."""
    for place, block in enumerate(prompt.blocks):
        if block.mark is not None and upto[place] >= minimum:
            yield place, block.mark


def _numbered(marks: Sequence[tuple[int, Ttl]], numbers: Sequence[int]) -> Iterator[tuple[int, Ttl]]:
    for place, ttl in marks:
        yield numbers[place], ttl


def _looked_at(marks: Sequence[int]) -> Iterator[int]:
    for mark in reversed(marks):
        yield from range(mark, max(-1, mark - LOOK_BACK), -1)
