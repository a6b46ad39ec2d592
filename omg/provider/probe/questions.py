"""The questions, the most important first, and which of them a purse affords."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from omg.cache.prices import Prices
from omg.cache.rules import RuleOverrides
from omg.core.usage import Usage
from omg.provider.probe import waiting
from omg.provider.probe.ask import Target
from omg.provider.probe.bench import Bench, Experiment, Field, prefix_size
from omg.provider.probe.lookback import lookback
from omg.provider.probe.minimum import minimum
from omg.provider.probe.prewarm import prewarm
from omg.provider.probe.readable import LEADER_TOKENS, readable

_BOUND = 2.5
"""Times its expected tokens that a request is reserved for: words of two bytes, about one token each."""


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to find out, by one experiment."""

    name: str
    fields: tuple[Field, ...]
    experiment: Callable[[Bench], Experiment]
    expected: Callable[[int], tuple[Usage, ...]]
    """The requests that a provider of the published rules would bill, for a minimum in tokens."""
    minutes: int = 0
    """How long it must wait."""
    at_once: int = 1
    """Requests that are under way together, at most."""
    one_hour: bool = False
    """Whether it writes 1h entries."""

    def known(self, overrides: RuleOverrides) -> bool:
        """Whether all of it has been answered before."""
        return all(getattr(overrides, field) is not None for field in self.fields)

    def estimate(self, prices: Prices, minimum: int) -> float:
        """Dollars that must be there for it to begin: what it will cost, and what its dearest request reserves."""
        costs = [cost for usage in self.expected(minimum) if (cost := prices.cost(usage)) is not None]
        return sum(costs) + self.at_once * (_BOUND - 1) * max(costs, default=0.0)

    def expects(self, prices: Prices, minimum: int) -> float:
        """Dollars that it will cost where the published rules hold."""
        return sum(prices.cost(usage) or 0.0 for usage in self.expected(minimum))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A question that is not asked, and why."""

    question: Question
    why: str


def _minimum(tokens: int) -> tuple[Usage, ...]:
    return Usage(plain=200), Usage(write_5m=tokens), Usage(write_5m=tokens), Usage(plain=tokens)


def _readable(tokens: int) -> tuple[Usage, ...]:
    size = prefix_size(tokens)
    return Usage(write_5m=size, output=LEADER_TOKENS), Usage(write_5m=size, output=1)


def _prewarm(tokens: int) -> tuple[Usage, ...]:
    size = prefix_size(tokens)
    return Usage(write_5m=size), Usage(read=size, output=1)


def _lookback(tokens: int) -> tuple[Usage, ...]:
    size = prefix_size(tokens) + 300  # what comes with tools
    return Usage(write_5m=size), Usage(write_5m=size + 80), Usage(read=size), Usage(write_5m=size + 450)


def _refreshes(tokens: int) -> tuple[Usage, ...]:
    size = prefix_size(tokens)
    return tuple(Usage(write_5m=size) for _ in range(3)) + tuple(Usage(read=size) for _ in range(2))


def _short_read(tokens: int) -> tuple[Usage, ...]:
    size = prefix_size(tokens)
    writes = Usage(write_1h=size), Usage(write_1h=size), Usage(write_5m=size)
    return *writes, Usage(read=size), Usage(write_5m=size)


QUESTIONS: tuple[Question, ...] = (
    Question("effective minimum", ("minimum",), minimum, _minimum),
    Question("readable at message_start", ("settle_seconds",), readable, _readable, at_once=2),
    Question("max_tokens: 0", ("prewarm",), prewarm, _prewarm),
    Question("look-back and its unit", ("lookback", "collapse_tool_runs"), lookback, _lookback),
    Question(
        "a read refreshes an earlier mark",
        ("refreshes_marked",),
        waiting.refreshes_marked,
        _refreshes,
        minutes=round(waiting.REFRESH_SEEN_AT / 60),
    ),
    Question(
        "a 5m read refreshes a 1h entry",
        ("short_read_refreshes_long",),
        waiting.short_read_refreshes_long,
        _short_read,
        minutes=round(waiting.LONG_SEEN_AT / 60),
        one_hour=True,
    ),
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """`asked`, in order; `short`: what the money does not cover where all before it cost what they should, to be
    tried when they cost less; `left_out`: what cannot be asked in any case."""

    asked: tuple[Question, ...]
    short: tuple[LeftOut, ...]
    left_out: tuple[LeftOut, ...]
    expected: float
    """Dollars that `asked` will cost where the published rules hold."""


def choose(target: Target, known: RuleOverrides, minimum: int, limit: float, *, wait: bool) -> Chosen:
    """Choose what `limit` dollars cover. What nobody has answered yet comes first."""
    asked: list[Question] = []
    short: list[LeftOut] = []
    left_out: list[LeftOut] = []
    spent = 0.0
    for question in _in_order(QUESTIONS, known):
        if why := _why_not(question, target, wait):
            left_out.append(LeftOut(question, why))
        elif out := too_dear(question, target, minimum, limit - spent):
            short.append(out)
        else:
            asked.append(question)
            spent += question.expects(target.prices, minimum)
    return Chosen(tuple(asked), tuple(short), tuple(left_out), spent)


def _in_order(questions: Sequence[Question], known: RuleOverrides) -> Iterable[Question]:
    return sorted(questions, key=lambda question: question.known(known))


def _why_not(question: Question, target: Target, wait: bool) -> str | None:
    if question.minutes and not wait:
        return f"needs {question.minutes} minutes of waiting: add --wait"
    priced = target.prices.base.write_1h is not None
    if question.one_hour and not (priced and "1h" in target.ttls):
        return "there are no 1h entries there, or no price for them"
    return None


def too_dear(question: Question, target: Target, minimum: int, left: float) -> LeftOut | None:
    """Left out, where the dollars that are `left` do not carry `question` to its end."""
    needs = question.estimate(target.prices, minimum)
    why = f"needs ${needs:.4f} to be sure, with ${max(left, 0.0):.4f} left"
    return LeftOut(question, why) if needs > left else None
