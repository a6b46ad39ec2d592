"""A model of the provider's prompt cache, by its published rules, over the bytes that are really sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate

from omg.cache.positions import Position, Prompt, framed, read_prompt, units
from omg.cache.rules import CacheRules
from omg.core.usage import Ttl, Usage

_SWEEP_SECONDS = 300


def quarter(block: bytes) -> int:
    """Tokens of a block as four bytes each, rounded up."""
    return -(-len(block) // 4)


@dataclass(frozen=True, slots=True)
class Billed:
    """What a request costs in tokens (`output` is 0), and what it will leave in the cache once it begins."""

    usage: Usage
    started: float
    holds: tuple[tuple[bytes, Ttl], ...]
    """The prefixes it writes or refreshes, each with the class of its lifetime."""


@dataclass(frozen=True, slots=True)
class _Entry:
    ttl: Ttl
    started: float


@dataclass(frozen=True, slots=True)
class _Laid:
    """A request laid out: prefix n ends behind position n, so that 0 is the empty one."""

    positions: Sequence[Position]
    keys: Sequence[bytes]
    tokens: Sequence[int]
    marks: Sequence[int]
    """The marked prefixes that are long enough, ascending."""


class Mirror:
    """The cache of one provider. Seconds are the caller's: any clock, the same one throughout.

    `bill` only looks, so that it also answers "what would this cost"; `begin` is what changes the cache.
    """

    def __init__(self, rules: CacheRules | None = None, count: Callable[[bytes], int] = quarter) -> None:
        """`count` gives the tokens of one block's bytes, its marker taken out."""
        self._rules = rules or CacheRules()
        self._count = count
        self._entries: dict[bytes, _Entry] = {}
        self._swept = 0.0

    def __len__(self) -> int:
        """Entries held, those included that have expired and are not yet dropped."""
        return len(self._entries)

    def bill(self, body: bytes, *, now: float, scope: str = "") -> Billed:
        """What `body`, started at `now`, reads and writes. Changes nothing.

        `scope` names what keeps caches apart and is not in the body: endpoint, organisation, workspace, beta
        headers. Raises ValueError where `body` is not a Messages request.
        """
        laid = self._lay(read_prompt(body), scope)
        hit = self._hit(laid, now)
        return Billed(_usage(laid, hit), now, tuple(self._holds(laid, hit, now)))

    def begin(self, billed: Billed, now: float) -> None:
        """The reply to `billed` has begun: what it wrote can be read, what it read lives on.

        Lifetimes run from the request's start. An entry keeps its class when read; written twice (by requests
        that were under way together), it has the longer of what was paid for.
        """
        self._sweep(now)
        for key, ttl in billed.holds:
            held = self._live(key, now) or _Entry(ttl, billed.started)
            longest = max(held.ttl, ttl, key=self._rules.ttl_seconds.__getitem__)
            self._entries[key] = _Entry(longest, max(held.started, billed.started))

    def _lay(self, prompt: Prompt, scope: str) -> _Laid:
        positions = prompt.positions
        tokens = list(accumulate((self._count(each.body) for each in positions), initial=0))
        minimum = self._rules.minimum_for(prompt.model)
        marks = [
            end
            for end, position in enumerate(positions, 1)
            if position.marker and tokens[end] >= minimum and self._rules.honours_markers
        ]
        return _Laid(positions, list(_chain(positions, scope)), tokens, marks)

    def _hit(self, laid: _Laid, now: float) -> int:
        """The highest prefix that a breakpoint finds, 0 for none."""
        numbers = units(laid.positions, self._rules.collapse_tool_runs)
        for mark in reversed(laid.marks):
            for end in range(mark, 0, -1):
                if numbers[mark - 1] - numbers[end - 1] >= self._rules.lookback:
                    break
                if self._live(laid.keys[end], now):
                    return end
        return 0

    def _holds(self, laid: _Laid, hit: int, now: float) -> Iterator[tuple[bytes, Ttl]]:
        for mark in laid.marks:
            ttl = laid.positions[mark - 1].marker
            if mark > hit and ttl is not None:
                yield laid.keys[mark], ttl
        also = [mark for mark in laid.marks if mark < hit and self._rules.refreshes_marked]
        for end in (*also, hit):
            if entry := self._live(laid.keys[end], now):
                yield laid.keys[end], entry.ttl

    def _live(self, key: bytes, now: float) -> _Entry | None:
        entry = self._entries.get(key)
        return entry if entry and now < entry.started + self._rules.ttl_seconds[entry.ttl] else None

    def _sweep(self, now: float) -> None:
        """Drop what has expired, once in a while."""
        if abs(now - self._swept) >= _SWEEP_SECONDS:
            self._entries = {key: entry for key, entry in self._entries.items() if self._live(key, now)}
            self._swept = now


def _chain(positions: Sequence[Position], scope: str) -> Iterator[bytes]:
    """The key of each prefix: a hash of all before it and of its last block."""
    running = sha256(framed(scope.encode(errors="surrogatepass")))
    yield running.digest()
    for position in positions:
        running.update(position.lead)
        running.update(framed(position.body))
        yield running.digest()


def _usage(laid: _Laid, hit: int) -> Usage:
    """Read up to the hit; from there 1h writes up to the last 1h marker, 5m writes up to the last marker;
    plain behind it. ("Mixing different TTLs": the positions A, B and C.)"""
    hours = [mark for mark in laid.marks if laid.positions[mark - 1].marker == "1h"]
    last = laid.marks[-1] if laid.marks else 0
    hour = max(hit, hours[-1] if hours else 0)
    a, b, c = laid.tokens[hit], laid.tokens[hour], laid.tokens[last]
    return Usage(plain=laid.tokens[-1] - c, read=a, write_5m=c - b, write_1h=b - a)
