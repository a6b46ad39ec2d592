"""The mirror is not judged by itself: over random sessions it must bill what a naive simulator bills."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from omg.cache.mirror import Billed, Mirror
from omg.cache.rules import CacheRules
from tests.cache.mirror_bodies import Block, assistant, encode, marked, result, text, tool, use, user
from tests.cache.naive import Entry, NaiveCache

Request = dict[str, Any]

IMAGE: Block = {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}}
CITED: Block = {"type": "document", "source": {"type": "url", "url": "x"}, "citations": {"enabled": True}}
WEB: Block = {"type": "web_search_20250305", "name": "web_search"}
SIZES = (4, 600, 2400, 9000)


def mostly(usual: Any, *others: Any) -> st.SearchStrategy[Any]:
    """Time and again the usual choice: sessions that never hit test nothing."""
    return st.sampled_from([usual] * len(others) + list(others))


def words(number: int, size: int) -> Block:
    return text(f"{number} " + "é" * (number % 3) + "x" * size)


@st.composite
def turns(draw: st.DrawFn) -> list[Block]:
    """A piece of conversation: words, or a tool loop, or something rarer."""
    number, size = draw(st.integers(0, 3)), draw(st.sampled_from(SIZES))
    calls = draw(st.integers(1, 14))
    thought = {"type": "thinking", "thinking": "t" * size, "signature": f"s{number}"}
    results = [{**result(each), "content": "r" * (size // calls)} for each in range(calls)]
    loop = [assistant(thought, *map(use, range(calls))), user(*results)]
    return draw(
        st.sampled_from(
            [
                [user(words(number, size))],
                [user(*(words(each, size // 4) for each in range(calls)))],
                [assistant(thought, words(number, size)), user(words(number, 4))],
                loop,
                loop,
                [*loop, *loop],
                [{"role": "user", "content": "as a string " + "y" * size}],
                [user(IMAGE, words(number, size))],
                [user(CITED)],
                [assistant(text(""))],
            ]
        )
    )


USUAL: Request = {
    "model": "claude-opus-5-5",
    "max_tokens": 9,
    "tools": [tool("read"), tool("edit")],
    "system": [text("s" * 900), text("more")],
}
CHANGES: st.SearchStrategy[Request] = st.sampled_from(
    [
        {"model": "claude-sonnet-4-6"},
        {"model": "claude-haiku-4-5-20251001"},
        {"max_tokens": 0},
        {"tools": [tool("edit"), tool("read")]},
        {"tools": [tool("read"), tool("edit"), WEB]},
        {"tools": [WEB, tool("read"), tool("edit")]},
        {"system": "s" * 900},
        {"system": [text("s" * 900), text("more ")]},
        {"output_config": {"effort": "medium"}},
        {"output_config": {"effort": "high"}},
        {"model": "claude-sonnet-4-6", "output_config": {"effort": "high"}},
        {"output_config": {"format": {"type": "x"}}},
        {"thinking": {"type": "adaptive"}},
        {"tool_choice": {"type": "auto"}},
        {"tool_choice": {"type": "any"}},
        {"speed": "standard"},
        {"speed": "fast"},
        {"cache_control": {"type": "ephemeral"}},
        {"cache_control": {"type": "ephemeral", "ttl": "1h"}},
    ]
)
TTLS = st.sampled_from(["5m", "1h"])
MARKS = st.lists(st.tuples(st.integers(-9, 5), TTLS), min_size=1, max_size=4)
"""Markers: the number of the block they stand on, from the end where negative."""
SECONDS = mostly(0, 1, 60, 100, 299, 300, 301, 1800, 3599, 3600)


def with_marks(request: Request, marks: list[tuple[int, str]]) -> bytes:
    """The request's body with its markers set, and now and then its keys turned round."""
    request = copy.deepcopy(request)
    lists = [request["tools"], request["system"], *(message["content"] for message in request["messages"])]
    places = [(blocks, at) for blocks in lists if isinstance(blocks, list) for at in range(len(blocks))]
    for number, ttl in marks:
        blocks, at = places[max(number, -len(places)) % len(places)]
        blocks[at] = marked(blocks[at], ttl)
    order = reversed(request.items()) if len(marks) == 3 else request.items()
    return encode(dict(order))


class Sessions(RuleBasedStateMachine):
    """Conversations that grow, fork and are edited, sent in any order by two organisations, as time goes by."""

    cache_rules = CacheRules()

    def __init__(self) -> None:
        super().__init__()
        self.mirror = Mirror(self.cache_rules)
        self.naive = NaiveCache(self.cache_rules.collapse_tool_runs, self.cache_rules.lookback)
        self.now = 0.0
        self.branches: list[list[Block]] = []
        self.under_way: list[tuple[Billed, list[Entry]]] = []

    def branch(self, index: int) -> list[Block]:
        return self.branches[index % len(self.branches)]

    @initialize(first=turns())
    def start(self, first: list[Block]) -> None:
        self.branches.append([user(text("q" * 2000)), *first])

    @rule(index=st.integers(0, 2), more=turns(), marks=MARKS, seconds=SECONDS)
    def grow(self, index: int, more: list[Block], marks: list[tuple[int, str]], seconds: int) -> None:
        self.branch(index).extend(more)
        self.send(USUAL, index, marks, seconds)

    @rule(index=st.integers(0, 2), marks=MARKS, seconds=SECONDS)
    def send_again(self, index: int, marks: list[tuple[int, str]], seconds: int) -> None:
        self.send(USUAL, index, marks, seconds)

    @rule(index=st.integers(0, 2), change=CHANGES, marks=MARKS, scope=mostly("", "other"))
    def send_otherwise(self, index: int, change: Request, marks: list[tuple[int, str]], scope: str) -> None:
        self.send({**USUAL, **change}, index, marks, 1, scope)

    @rule(index=st.integers(0, 2), marks=MARKS, seconds=SECONDS, fails=st.booleans())
    def send_slowly(self, index: int, marks: list[tuple[int, str]], seconds: int, fails: bool) -> None:
        billed = self.billed_by_both(USUAL, index, marks, seconds)
        if not fails:
            self.under_way.append(billed)

    @rule(which=st.integers(0, 2), seconds=SECONDS)
    def slow_one_begins(self, which: int, seconds: int) -> None:
        self.now += seconds
        if self.under_way:
            self.begin(*self.under_way.pop(which % len(self.under_way)))

    @rule(index=st.integers(0, 2))
    def fork(self, index: int) -> None:
        self.branches.append(list(self.branch(index)))

    @rule(index=st.integers(0, 2), at=st.integers(0, 9))
    def edit(self, index: int, at: int) -> None:
        branch = self.branch(index)
        branch[at % len(branch)] = user(text("edited " + "e" * 100 * at))

    @rule(index=st.integers(0, 2), at=st.integers(1, 9))
    def change_a_role(self, index: int, at: int) -> None:
        branch = self.branch(index)
        branch[at % len(branch)] = {**branch[at % len(branch)], "role": "assistant"}

    def send(self, head: Request, index: int, marks: list[tuple[int, str]], seconds: int, scope: str = "") -> None:
        self.begin(*self.billed_by_both(head, index, marks, seconds, scope))

    def billed_by_both(
        self, head: Request, index: int, marks: list[tuple[int, str]], seconds: int, scope: str = ""
    ) -> tuple[Billed, list[Entry]]:
        self.now += seconds
        body = with_marks({**head, "messages": self.branch(index)}, marks)
        billed = self.mirror.bill(body, now=self.now, scope=scope)
        usage, keep = self.naive.bill(body, self.now, scope)
        assert billed.usage == usage
        return billed, keep

    def begin(self, billed: Billed, keep: list[Entry]) -> None:
        self.mirror.begin(billed, self.now)
        self.naive.begin(keep, self.now)


class NarrowSessions(Sessions):
    """The same, with a look-back so narrow that its edge is met often."""

    cache_rules = CacheRules(lookback=4)


class CollapsedSessions(Sessions):
    """The same, with runs of tool blocks counting as one position."""

    cache_rules = CacheRules(lookback=5, collapse_tool_runs=True)


@pytest.mark.parametrize("sessions", [Sessions, NarrowSessions, CollapsedSessions])
def test_both_simulators_bill_the_same(sessions: type[Sessions]) -> None:
    few = settings(
        max_examples=40,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    run_state_machine_as_test(sessions, settings=few)
