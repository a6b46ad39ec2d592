"""Where pages disagree, a request is foretold by the reading that is in force: the look-back, its unit, refreshes."""

import pytest

from omg.cache.forecast import forecast
from omg.cache.holdings import Holdings
from omg.cache.plan import last_spot, plan
from omg.cache.rules import STRICT, Reading
from omg.core.usage import TTL_SECONDS, Usage
from omg.wire.chain import Node
from omg.wire.request import Mark
from omg.wire.seal import seal
from tests.wire.histories import HEAD, talk

TRUNK = talk("a question", "an answer")
RUNS = Reading(collapse_tool_runs=True)
HOUR = TTL_SECONDS["1h"]


def results(count: int, parent: Node = TRUNK) -> Node:
    """So many tool calls beside each other, and their results."""
    calls = [{"type": "tool_use", "id": f"t{n}", "name": "read", "input": {}} for n in range(count)]
    answers = [{"type": "tool_result", "tool_use_id": f"t{n}", "content": "x"} for n in range(count)]
    return Node(Node(parent, seal("assistant", calls)), seal("user", answers))


def learnt(holdings: Holdings, node: Node, marks: tuple[Mark, ...], usage: Usage, *, at: float, reading=STRICT) -> None:
    holdings.sent(HEAD, marks, at)
    holdings.began(HEAD, node, marks, usage, sent=at, now=at + 1, account="", minimum=512, reading=reading)


def tail(node: Node, ttl="5m") -> tuple[Mark, ...]:
    spot = last_spot(node)
    return (Mark(ttl, spot.node, spot.block),)


@pytest.mark.parametrize(
    ("blocks", "reading", "found"),
    [
        (9, STRICT, True),
        (10, STRICT, False),
        (10, RUNS, True),
        (300, RUNS, True),
        (9, Reading(lookback=18), False),
        (25, Reading(lookback=51), True),
        (2, Reading(lookback=2, collapse_tool_runs=True), False),
        (2, Reading(lookback=3, collapse_tool_runs=True), True),
    ],
)
def test_an_entry_is_found_within_the_look_back_in_its_unit(blocks, reading, found):
    holdings, tip = Holdings(), results(blocks)
    learnt(holdings, TRUNK, tail(TRUNK), Usage(write_5m=2000), at=0)
    foretold = forecast(holdings, HEAD, tip, tail(tip), now=2, minimum=512, reading=reading)
    assert foretold.usage.read == (2000 if found else 0)
    assert (foretold.lost is None) == found
    if foretold.lost is not None:
        assert str(reading.lookback) in str(foretold.lost)


def test_breakpoints_are_planned_by_the_strict_reading_or_a_shorter_look_back_that_was_found():
    last, near, far = last_spot(TRUNK), results(5), results(8)
    assert len(plan(HEAD, near, last_tail=last, shared=None)) == 2
    assert len(plan(HEAD, near, last_tail=last, shared=None, lookback=10)) == 3
    assert len(plan(HEAD, far, last_tail=last, shared=None, lookback=200)) == 3


@pytest.mark.parametrize(("again", "lives"), [("1h", True), ("5m", False)])
def test_where_a_short_read_does_not_keep_a_long_entry_its_hour_runs_on(again, lives):
    reading = Reading(short_read_refreshes_long=False)
    for rules, kept in ((STRICT, True), (reading, lives)):
        holdings = Holdings()
        learnt(holdings, TRUNK, tail(TRUNK, "1h"), Usage(write_1h=2000), at=0, reading=rules)
        learnt(holdings, TRUNK, tail(TRUNK, again), Usage(read=2000), at=3000, reading=rules)
        later = forecast(holdings, HEAD, TRUNK, tail(TRUNK), now=HOUR + 100, minimum=512, reading=rules)
        assert later.usage.read == (2000 if kept else 0)


@pytest.mark.parametrize(("reading", "kept"), [(STRICT, True), (Reading(refreshes_marked=False), False)])
def test_an_entry_at_an_earlier_mark_is_kept_where_that_refreshes(reading, kept):
    holdings, tip = Holdings(), results(2)
    learnt(holdings, TRUNK, tail(TRUNK), Usage(write_5m=2000), at=0, reading=reading)
    learnt(holdings, tip, (*tail(TRUNK), *tail(tip)), Usage(read=2000, write_5m=500), at=10, reading=reading)
    learnt(holdings, tip, (*tail(TRUNK), *tail(tip)), Usage(read=2500), at=250, reading=reading)
    other = results(1)
    later = forecast(holdings, HEAD, other, (*tail(TRUNK), *tail(other)), now=400, minimum=512, reading=reading)
    assert later.usage.read == (2000 if kept else 0)
