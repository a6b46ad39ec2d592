"""The bench an experiment works at: fresh prefixes of a wanted length, what was learnt, and the answers."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Literal

from omg.cache.rules import Sure
from omg.core.usage import Usage
from omg.provider.probe.ask import Ask, text, user
from omg.wire.seal import Block

Field = Literal[
    "minimum",
    "settle_seconds",
    "prewarm",
    "lookback",
    "collapse_tool_runs",
    "refreshes_marked",
    "short_read_refreshes_long",
]
"""What can be found out: the fields of `omg.cache.rules.RuleOverrides`."""

# Of one letter: a token each to most tokenizers, and two bytes to the bound on what they can cost.
_WORDS = "abcdefghijklmnopqrstuvwxyz"
_OVERHEAD = 16
"""Tokens of a request's frame and nonce, about."""
_SAMPLE = 150
"""Words that are sent to learn how many tokens words make."""


class CannotTell(Exception):
    """What the provider reported allows no conclusion; the text says why."""


@dataclass(frozen=True, slots=True)
class Send:
    """A step of an experiment: a request, `at` (seconds since the experiment began) or as soon after as can be."""

    ask: Ask
    at: float = 0.0
    hold: bool = False
    """Go on as soon as the reply begins, with the reply still streaming."""
    may_refuse: bool = False
    """A 400 is an answer, and no failure."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of it. Times are in seconds since the experiment began."""

    usage: Usage
    sent: float
    began: float
    ended: float
    alongside: bool = False
    """Whether the reply that was held was still streaming when this one began."""
    refused: str | None = None
    """The provider's words, where it refused."""


Experiment = Generator[Send, Seen, None]


@dataclass(frozen=True, slots=True)
class Answer:
    """A conclusion. `value` is None where it could not be told; `said` is a sentence for people."""

    field: Field
    value: int | float | bool | str | None
    sure: Sure | None
    said: str


@dataclass(frozen=True, slots=True)
class Meter:
    """How many tokens words make at this provider, learnt from what it reports."""

    words: int = 0
    tokens: int = 0

    @property
    def calibrated(self) -> bool:
        return self.words > 0

    def words_for(self, tokens: int) -> int:
        """How many words make a request of about `tokens`."""
        per_word = max(self.tokens - _OVERHEAD, 1) / self.words if self.words else 1.0
        at, has = (self.words, self.tokens) if self.words else (0, _OVERHEAD)
        return max(1, at + round((tokens - has) / per_word))


@dataclass(slots=True)
class Bench:
    """`nonce` makes this run's prefixes its own. `minimum`, `lookback` and `settle` begin as published, or found
    before, and are corrected by experiments for those that follow."""

    nonce: str
    published: int
    """The minimum that is published, in tokens."""
    minimum: int
    lookback: int
    settle: float = 2.0
    """Seconds to let pass after a write that is to be read."""
    meter: Meter = Meter()
    answers: list[Answer] = field(default_factory=list[Answer])
    _texts: int = 0

    def text(self, words: int) -> Block:
        """A text of that many words that nobody has sent before."""
        self._texts += 1
        filler = " ".join(_WORDS[place % len(_WORDS)] for place in range(words))
        return text(f"{self.nonce}-{self._texts} {filler}")

    def prefix(self) -> Block:
        """A fresh text, long enough to be cached."""
        return self.text(self.meter.words_for(prefix_size(self.minimum)))

    def say(self, field: Field, value: float | bool | str, said: str, sure: Sure = "high") -> None:
        """An answer."""
        self.answers.append(Answer(field, value, sure, said))


def calibrated(bench: Bench) -> Experiment:
    """Learn how many tokens words make, where that is not known yet, from a small request that caches nothing."""
    if bench.meter.calibrated:
        return
    seen = yield Send(Ask((user(bench.text(_SAMPLE)),), ()))
    if not _SAMPLE // 8 < seen.usage.input < _SAMPLE * 8:
        raise CannotTell(f"{seen.usage.input} tokens were reported where about {_SAMPLE} were sent")
    bench.meter = Meter(_SAMPLE, seen.usage.input)


def prefix_size(minimum: int) -> int:
    """Tokens of a prefix that is surely cached where `minimum` is."""
    return minimum + minimum // 10 + 24


def written(seen: Seen) -> int:
    """Tokens that a fresh prefix wrote. Raises CannotTell where it was not written, or was known already."""
    if seen.usage.read:
        raise CannotTell("a prefix that nobody had sent was reported as read")
    if not seen.usage.written:
        raise CannotTell(f"a prefix of {seen.usage.input} tokens was not written to the cache")
    return seen.usage.written


def was_read(seen: Seen, size: int) -> bool:
    """Whether an entry of `size` tokens was read. Raises CannotTell where the figures fit neither."""
    usage = seen.usage
    if usage.read and abs(usage.read - size) <= size // 20:
        return True
    if usage.read or usage.input < size - size // 20:
        raise CannotTell(f"{usage.read} tokens of {usage.input} were reported as read, where {size} had been written")
    return False
