"""Breakpoint plans: what is marked, and that no plan is illegal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omg.cache.plan import First, IllegalPlan, Spot, Ttls, check_legal, last_spot, plan
from omg.wire.chain import Node, path
from omg.wire.request import Mark
from omg.wire.seal import seal
from tests.wire.histories import HEAD, grow, histories, said, talk


def spots(marks):
    return [(mark.node.depth if mark.node else 0, mark.block, mark.ttl) for mark in marks]


def test_head_and_tail_are_marked():
    assert spots(plan(HEAD, talk("a", "b", "c"), last_tail=None, shared=None)) == [(0, -1, "1h"), (3, 0, "5m")]


def test_a_short_turn_leaves_the_last_tail_to_the_look_back():
    before = talk("a")
    after = said(*["x"] * 14, parent=talk("b", parent=before))
    assert len(plan(HEAD, after, last_tail=last_spot(before), shared=None)) == 2


def test_a_long_turn_marks_the_last_tail_too():
    before = talk("a")
    after = said(*["x"] * 15, parent=talk("b", parent=before))
    marks = plan(HEAD, after, last_tail=last_spot(before), shared=None)
    assert spots(marks) == [(0, -1, "1h"), (1, 0, "5m"), (3, 14, "5m")]


def test_a_fork_marks_what_it_shares():
    trunk = talk("a", "b")
    marks = plan(HEAD, said("task", parent=trunk), last_tail=None, shared=last_spot(trunk))
    assert spots(marks) == [(0, -1, "1h"), (2, 0, "5m"), (3, 0, "5m")]


def test_the_first_request_of_a_fork_marks_what_its_siblings_begin_with():
    trunk = talk("a", "b")
    tip = said("instruction", "task", parent=trunk)
    marks = plan(HEAD, tip, last_tail=None, shared=last_spot(trunk), first=First(Spot(tip, 0)))
    assert spots(marks) == [(0, -1, "1h"), (2, 0, "5m"), (3, 0, "5m"), (3, 1, "5m")]


def test_a_leader_leaves_its_own_task_unmarked():
    trunk = talk("a", "b")
    tip = said("instruction", "task", parent=trunk)
    marks = plan(HEAD, tip, last_tail=None, shared=last_spot(trunk), first=First(Spot(tip, 0), leads=True))
    assert spots(marks) == [(0, -1, "1h"), (2, 0, "5m"), (3, 0, "5m")]


def test_an_anchored_fork_point_takes_all_before_it_to_an_hour():
    before = talk("a")
    trunk = said(*["x"] * 30, parent=talk("b", parent=before))
    tip = said("instruction", "task", parent=talk("c", parent=trunk))
    first = First(Spot(tip, 0), leads=True, anchored=True)
    marks = plan(HEAD, tip, last_tail=last_spot(before), shared=last_spot(trunk), first=first)
    assert spots(marks) == [(0, -1, "1h"), (1, 0, "1h"), (3, 29, "1h"), (5, 0, "5m")]


def test_thinking_is_passed_over():
    trunk = talk("a")
    thought = Node(trunk, seal("assistant", [{"type": "text", "text": "b"}, {"type": "thinking", "thinking": "t"}]))
    assert last_spot(thought) == Spot(thought, 0)
    only = Node(trunk, seal("assistant", [{"type": "thinking", "thinking": "t"}]))
    assert last_spot(only) == Spot(trunk, 0)


@given(histories, st.data())
def test_every_plan_is_legal(history, data):
    tip = grow(history)
    nodes = path(tip)
    spot = st.none() | st.sampled_from(nodes).map(last_spot)
    ttls = data.draw(st.sampled_from([Ttls(), Ttls("1h", "1h"), Ttls("5m", "5m")]))
    marks = plan(HEAD, tip, last_tail=data.draw(spot), shared=data.draw(spot), ttls=ttls)
    check_legal(HEAD, tip, marks)
    assert marks[-1] == Mark(ttls.messages, tip, len(tip.message.places) - 1)


TIP = talk("a", "b", "c", "d", "e")
NODES = path(TIP)


@pytest.mark.parametrize(
    "marks",
    [
        [Mark("5m", node, 0) for node in NODES],
        [Mark("5m"), Mark("1h", TIP, 0)],
        [Mark("5m", TIP, 0), Mark("5m", TIP, 0)],
        [Mark("5m", TIP, 0), Mark("5m", NODES[0], 0)],
        [Mark("5m", TIP, 3)],
        [Mark("5m", talk("elsewhere"), 0)],
    ],
)
def test_illegal_plans_are_raised(marks):
    with pytest.raises(IllegalPlan):
        check_legal(HEAD, TIP, marks)


def test_ttls_in_the_wrong_order_never_leave():
    with pytest.raises(IllegalPlan):
        plan(HEAD, TIP, last_tail=None, shared=None, ttls=Ttls("5m", "1h"))
