"""Chain, request and guard: bodies that extend each other byte for byte, markers apart."""

import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omg.wire.chain import Node, path
from omg.wire.guard import Diverged, check
from omg.wire.head import Head, render_head
from omg.wire.request import Body, Envelope, Mark, build, marker, prefix_length
from omg.wire.seal import seal
from tests.wire.histories import HEAD, grow, histories, said, talk

ENVELOPE = Envelope(100)


def unmarked(body: Body) -> bytes:
    return b"".join(piece[start:stop] for piece, start, stop in body.prefix)


@st.composite
def marked(draw, tip: Node):
    nodes = path(tip)
    spots = draw(st.sets(st.integers(0, len(nodes) - 1), max_size=3))
    return [Mark("5m", nodes[i], draw(st.integers(0, len(nodes[i].message.places) - 1))) for i in spots] + draw(
        st.sampled_from([[], [Mark("1h")]])
    )


@given(histories, st.data())
def test_a_body_is_head_messages_envelope_and_nothing_else(history, data):
    tip = grow(history)
    body = build(HEAD, tip, data.draw(marked(tip)), ENVELOPE)
    parsed = json.loads(body.data)
    assert list(parsed) == ["model", "tools", "system", "messages", "max_tokens", "stream"]
    assert unmarked(body) == HEAD.body + b',"messages":[' + b",".join(n.message.body for n in path(tip))
    assert len(body.data) == body.size and body.hash() == sha256(body.data).hexdigest()
    assert len(unmarked(body)) == body.prefix_length == prefix_length(HEAD, tip)


@given(histories, st.data())
def test_markers_are_where_they_were_asked_for(history, data):
    tip = grow(history)
    marks = data.draw(marked(tip))
    parsed = json.loads(build(HEAD, tip, marks, ENVELOPE).data)
    found = {
        (i, j)
        for i, message in enumerate(parsed["messages"])
        for j, block in enumerate(message["content"])
        if "cache_control" in block
    }
    assert found == {(m.node.depth - 1, m.block) for m in marks if m.node}
    assert ("cache_control" in parsed["system"][-1]) == any(m.node is None for m in marks)


def test_a_marker_is_spelt_as_the_api_documents_it():
    assert marker("1h") == b',"cache_control":{"type":"ephemeral","ttl":"1h"}'


@given(histories, histories, st.data())
def test_the_guard_agrees_with_every_extension(history, more, data):
    tip = grow(history)
    node = tip
    for texts in more:
        node = said(*texts, parent=node)
    last = build(HEAD, tip, data.draw(marked(tip)), ENVELOPE)
    check(build(HEAD, node, data.draw(marked(node)), Envelope(7)), last, "main")


@given(histories, st.data())
def test_the_guard_names_the_first_byte_that_differs(history, data):
    tip = grow(history)
    last = build(HEAD, tip, data.draw(marked(tip)), ENVELOPE)
    nodes = path(tip)
    index = data.draw(st.integers(0, len(nodes) - 1))
    changed = list(history)
    changed[index] = [changed[index][0] + "!", *changed[index][1:]]
    with pytest.raises(Diverged) as caught:
        check(build(HEAD, grow(changed), [], ENVELOPE), last, "main")
    error = caught.value
    assert error.where == f"messages[{index}] ({nodes[index].message.role})"
    assert error.node == nodes[index].id
    now, was = unmarked(build(HEAD, grow(changed), [], ENVELOPE)), unmarked(last)
    assert now[: error.offset] == was[: error.offset]
    assert now[error.offset] != was[error.offset]


def test_a_shorter_history_is_refused_unless_only_its_part_is_shared():
    long, short = talk("a", "b", "c"), talk("a")
    last = build(HEAD, long, [], ENVELOPE)
    child = build(HEAD, said("task", parent=short), [], ENVELOPE)
    with pytest.raises(Diverged):
        check(child, last, "x")
    check(child, last, "x", until=prefix_length(HEAD, short))
    with pytest.raises(Diverged):
        check(build(HEAD, short, [], ENVELOPE), last, "main")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"model": "other"}, "head field model"),
        ({"tools": []}, "head field tools"),
        ({"system": ["You were."]}, "head field system"),
        ({"headers": (("anthropic-version", "2"),)}, "head field headers"),
        ({"endpoint": "https://elsewhere.test"}, "head field endpoint"),
        ({"extra": {"thinking": {"type": "disabled"}}}, "head field thinking"),
    ],
)
def test_another_head_is_refused_by_its_field(change, named):
    fields = {
        "endpoint": "https://example.test",
        "model": "m",
        "tools": [{"name": "t", "description": "d", "input_schema": {"type": "object"}}],
        "system": ["You are."],
        "headers": (("anthropic-version", "1"),),
    } | change
    other = render_head(fields.pop("endpoint"), **fields)
    with pytest.raises(Diverged) as caught:
        check(build(other, talk("a"), [], ENVELOPE), build(HEAD, talk("a"), [], ENVELOPE), "main")
    assert named in caught.value.where
    assert other.id != HEAD.id


def test_a_thousand_forks_share_every_message():
    trunk = talk(*["x" * 1000] * 200)
    forks = [said(f"task {n}", parent=trunk) for n in range(1000)]
    assert all(fork.parent is trunk for fork in forks)
    assert len({fork.id for fork in forks}) == 1000


@given(histories)
def test_pieces_join_to_the_whole_history_at_any_length(history):
    tip = grow(history * 12)
    for node in tip.ancestors():
        joined = b"".join(node.pieces())
        assert joined == b",".join(n.message.body for n in path(node))
        assert len(joined) == node.size
        assert joined[node.start :] == node.message.body


def test_extends():
    trunk = talk("a", "b")
    one, two = said("c", parent=trunk), said("d", parent=trunk)
    assert one.extends(trunk) and one.extends(one) and one.extends(None)
    assert not one.extends(two) and not trunk.extends(one)


def test_a_head_without_blocks_has_nothing_to_mark():
    bare = Head("e", (), b'{"model":"m"')
    assert bare.stable_end is None
    with pytest.raises(ValueError):
        build(bare, talk("a"), [Mark("1h")], ENVELOPE)


def test_a_node_is_known_by_its_parent_and_its_bytes():
    assert talk("a", "b").id == talk("a", "b").id
    assert talk("a", "b").id != talk("b", "b").id
    assert Node(None, seal("user", [{"type": "text", "text": "a"}])).id == talk("a").id
