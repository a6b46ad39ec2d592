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

USUAL = 6
"""How much likelier the usual choice is than each other one: sessions that never hit test nothing."""

IMAGE: Block = {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}}
CITED: Block = {"type": "document", "source": {"type": "url", "url": "x"}, "citations": {"enabled": True}}
WEB: Block = {"type": "web_search_20250305", "name": "web_search"}
SIZES = (4, 600, 2400, 9000)


def mostly(usual: Any, *others: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from([usual] * USUAL + list(others))


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


HEADS: st.SearchStrategy[Request] = st.fixed_dictionaries(
    {
        "model": mostly("claude-opus-5-5", "claude-sonnet-4-6", "claude-haiku-4-5-20251001"),
        "max_tokens": st.integers(0, 3),
        "tools": mostly(
            [tool("read"), tool("edit")],
            [tool("edit"), tool("read")],
            [tool("read"), tool("edit"), WEB],
        ),
        "system": mostly([text("s" * 900), text("more")], "s" * 900, [text("s" * 900 + " ")]),
        "output_config": mostly({}, {"effort": "medium"}, {"effort": "high"}, {"format": {"type": "x"}}),
        "thinking": mostly(None, {"type": "adaptive"}),
        "tool_choice": mostly(None, {"type": "auto"}, {"type": "any"}),
        "speed": mostly(None, "standard", "fast"),
        "cache_control": mostly(None, {"type": "ephemeral"}, {"type": "ephemeral", "ttl": "1h"}),
    }
)

MARKS = st.lists(st.tuples(st.integers(0, 45), st.sampled_from(["5m", "1h"])), max_size=4)
"""Markers, as how many blocks from the end they stand."""


def with_marks(request: Request, marks: list[tuple[int, str]]) -> bytes:
    """The request's body with its markers set, and now and then its keys turned round."""
    request = copy.deepcopy(request)
    lists = [request["tools"], request["system"], *(message["content"] for message in request["messages"])]
    places = [(blocks, at) for blocks in lists if isinstance(blocks, list) for at in range(len(blocks))]
    for back, ttl in marks:
        blocks, at = places[max(len(places) - 1 - back, 0)]
        blocks[at] = marked(blocks[at], ttl)
    order = reversed(request.items()) if len(marks) == 3 else request.items()
    return encode(dict(order))


class Sessions(RuleBasedStateMachine):
    """Conversations that grow, fork and are edited, sent in any order by two organisations, as time goes by."""

    collapse = False

    def __init__(self) -> None:
        super().__init__()
        self.mirror = Mirror(CacheRules(collapse_tool_runs=self.collapse))
        self.naive = NaiveCache(self.collapse)
        self.now = 0.0
        self.branches: list[list[Block]] = []
        self.under_way: list[tuple[Billed, list[Entry]]] = []

    def branch(self, index: int) -> list[Block]:
        return self.branches[index % len(self.branches)]

    @initialize(first=turns())
    def start(self, first: list[Block]) -> None:
        self.branches.append([user(text("q" * 2000)), *first])

    @rule(index=st.integers(0, 3), more=turns())
    def grow(self, index: int, more: list[Block]) -> None:
        self.branch(index).extend(more)

    @rule(index=st.integers(0, 3))
    def fork(self, index: int) -> None:
        self.branches.append(list(self.branch(index)))

    @rule(index=st.integers(0, 3), at=st.integers(0, 9))
    def edit(self, index: int, at: int) -> None:
        branch = self.branch(index)
        branch[at % len(branch)] = user(text("edited " + "e" * 100 * at))

    @rule(seconds=st.sampled_from([0, 1, 60, 100, 299, 300, 301, 1800, 3599, 3600]))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule(
        index=st.integers(0, 3),
        head=HEADS,
        marks=MARKS,
        scope=mostly("", "another organisation"),
        fate=mostly("begins", "is slow", "fails"),
    )
    def send(self, index: int, head: Request, marks: list[tuple[int, str]], scope: str, fate: str) -> None:
        body = with_marks({**head, "messages": self.branch(index)}, marks)
        billed = self.mirror.bill(body, now=self.now, scope=scope)
        usage, keep = self.naive.bill(body, self.now, scope)
        assert billed.usage == usage
        if fate == "begins":
            self.begin(billed, keep)
        elif fate == "is slow":
            self.under_way.append((billed, keep))

    @rule(index=st.integers(0, 3), back=st.integers(0, 2), ttl=st.sampled_from(["5m", "1h"]))
    def go_on(self, index: int, back: int, ttl: str) -> None:
        """An ordinary turn: the usual head, a marker near the tail."""
        head = {"model": "claude-opus-5-5", "max_tokens": 9, "tools": [tool("read")], "system": []}
        self.send(index, head, [(back, ttl)], "", "begins")

    @rule(which=st.integers(0, 3))
    def slow_one_begins(self, which: int) -> None:
        if self.under_way:
            self.begin(*self.under_way.pop(which % len(self.under_way)))

    def begin(self, billed: Billed, keep: list[Entry]) -> None:
        self.mirror.begin(billed, self.now)
        self.naive.begin(keep, self.now)


class CollapsedSessions(Sessions):
    """The same, with runs of tool blocks counting as one position."""

    collapse = True


@pytest.mark.parametrize("sessions", [Sessions, CollapsedSessions])
def test_both_simulators_bill_the_same(sessions: type[Sessions]) -> None:
    few = settings(
        max_examples=60,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    run_state_machine_as_test(sessions, settings=few)
