"""A long history: found by steps that grow, and in memory only as far as it is used."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omg.wire.chain import Node, path
from omg.wire.seal import seal
from tests.wire.histories import said, talk


class Shelf:
    """A keeper that counts how often it is read, and lets nothing go by itself."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.reads = 0
        self.taken: list[tuple[Node, int]] = []

    def read(self, node: Node) -> bytes:
        self.reads += 1
        return self.bodies[node.at]

    def holds(self, node: Node, size: int) -> None:
        self.taken.append((node, size))

    def keep(self, tip: Node) -> Node:
        for node in path(tip):
            self.bodies.append(node.message.body)
            node.keep(self, len(self.bodies) - 1)
        return tip


def forget(tip: Node) -> None:
    """Have every node let go, used lately or not."""
    for node in tip.ancestors():
        node.let_go()
        assert node.let_go()


def test_any_ancestor_is_found_at_its_depth_and_nothing_beyond():
    nodes = path(talk(*(str(count) for count in range(300))))
    for node in (nodes[0], nodes[1], nodes[2], nodes[130], nodes[299]):
        assert [node.at_depth(depth) for depth in range(1, node.depth + 1)] == nodes[: node.depth]
        assert node.at_depth(0) is node.at_depth(-1) is node.at_depth(node.depth + 1) is None


def test_a_long_way_up_takes_few_steps():
    class Counted(Node):
        looks = 0

        @property
        def depth(self):
            Counted.looks += 1
            return self._depth

        @depth.setter
        def depth(self, value):
            self._depth = value

    node = None
    for count in range(4000):
        node = Counted(node, seal("user", [{"type": "text", "text": str(count)}]))
    Counted.looks = 0
    assert node.at_depth(7)._depth == 7
    assert Counted.looks < 200


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=60))
def test_a_node_extends_its_own_ancestors_and_no_others(places):
    nodes = []
    for count, place in enumerate(places):
        nodes.append(said(str(count), parent=nodes[place % len(nodes)] if nodes and place % 5 else None))
    for one in nodes:
        own = {node.id for node in one.ancestors()}
        assert [one.extends(other) for other in nodes] == [other.id in own for other in nodes]


def test_what_is_kept_is_read_again_when_it_is_wanted_and_then_stays():
    shelf = Shelf()
    tip = shelf.keep(talk("one", "two", "three"))
    bodies = [node.message.body for node in path(tip)]
    forget(tip)
    assert [node._message for node in tip.ancestors()] == [None] * 3
    assert [(node.role, node.depth, node.size) for node in path(tip)] == [
        ("user", 1, len(bodies[0])),
        ("assistant", 2, len(b",".join(bodies[:2]))),
        ("user", 3, len(b",".join(bodies))),
    ]
    assert shelf.reads == 0
    assert b"".join(tip.pieces()) == b",".join(bodies)
    assert [node.message.body for node in path(tip)] == bodies
    assert shelf.reads == 3


def test_a_page_is_one_piece_and_its_messages_are_read_once_for_it_and_not_held():
    shelf = Shelf()
    tip = shelf.keep(talk(*(str(count) for count in range(130))))
    whole = b"".join(tip.pieces())
    forget(tip)
    shelf.taken.clear()
    assert b"".join(tip.pieces()) == whole
    assert shelf.reads == 130
    assert [node.depth for node, _ in shelf.taken if node._page] == [128, 64]
    assert all(node._message is None for node in tip.ancestors() if node.depth <= 128)
    assert b"".join(tip.pieces()) == whole
    assert shelf.reads == 130


def test_what_was_used_stays_until_it_was_not_used_for_a_while():
    shelf = Shelf()
    tip = shelf.keep(talk("one"))
    assert tip.message
    assert not tip.let_go()
    assert tip.let_go()
    assert tip._message is None


def test_what_nobody_keeps_is_never_let_go():
    tip = talk("one")
    assert not tip.let_go()
    assert not tip.let_go()
    assert tip.message


def test_a_node_can_be_made_without_its_message():
    shelf = Shelf()
    tip = shelf.keep(talk("one", "two"))
    first = Node.kept(None, tip.parent.id, "user", tip.parent.length, shelf, 0)
    again = Node.kept(first, tip.id, "assistant", tip.length, shelf, 1)
    assert (again.depth, again.size, again.start, again.role) == (tip.depth, tip.size, tip.start, "assistant")
    assert again.message == tip.message
    assert again.extends(first)
    with pytest.raises(LookupError):
        Node.kept(None, "0" * 64, "user", 1, None, 0).message  # noqa: B018
