"""Every kind of record comes back from its line as it went in."""

import json
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omg.agent import journal
from omg.agent.state import Tree
from omg.core.usage import Usage
from omg.session.codec import BadRecord, decode, encode
from omg.wire.chain import Node
from omg.wire.head import Head, render_head
from omg.wire.seal import seal

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
maybe = st.none() | text
facts = st.dictionaries(text | st.sampled_from(["message", "body", '","message":{"']), text, max_size=3)
usages = st.builds(Usage, *[st.integers(0, 10**9)] * 4, st.none() | st.integers(0, 10**6))
times = st.floats(0, 4e9)
numbers = st.integers(0, 10**9)
ids = st.text("0123456789abcdef", min_size=8, max_size=64)
marks = st.lists(st.tuples(st.none() | ids, st.integers(-1, 100), st.sampled_from(["5m", "1h"])), max_size=4).map(tuple)
blocks = st.lists(text.map(lambda words: {"type": "text", "text": words}), min_size=1, max_size=3)
nodes = st.builds(lambda role, content: Node(None, seal(role, content)), st.sampled_from(["user", "assistant"]), blocks)
heads = st.builds(
    lambda endpoint, model, system: render_head(
        endpoint, model=model, tools=[], system=[system], headers=(("a", "b"),)
    ),
    text,
    text,
    text,
)

BY_NAME = {
    "at": times,
    "node": st.none() | ids,
    "marks": marks,
    "usage": usages,
    "predicted": st.none() | usages,
    "joins": st.lists(text, max_size=3).map(tuple),
    "told": facts,
    "seen": facts,
    "replaced": st.dictionaries(text, maybe, max_size=3),
    "seconds": times,
    "is_error": st.booleans(),
    "stream": st.booleans(),
    "mode": st.sampled_from(["ask", "edit", "plan", "all"]),
    "status": st.sampled_from(["running", "done", "failed", "stopped"]),
    "how": st.sampled_from(["whole", "cut", "refused", "failed", "interrupted"]),
    "purpose": st.sampled_from(["turn", "fork", "aside"]),
    "words": st.none() | numbers,
    "by": st.sampled_from(["person", "model"]),
}
BY_TYPE = {
    "bool": st.booleans(),
    "int": numbers,
    "int | None": st.none() | numbers,
    "float": times,
    "float | None": st.none() | times,
    "str": text,
    "str | None": maybe,
    "Usage | None": st.none() | usages,
}


def record_of(kind):
    special = {journal.NodeSealed: {"node": nodes}, journal.HeadMade: {"head": heads}}.get(kind, {})
    known = BY_NAME | special
    return st.builds(kind, **{f.name: known[f.name] if f.name in known else BY_TYPE[f.type] for f in fields(kind)})


KINDS = [
    kind
    for kind in vars(journal).values()
    if isinstance(kind, type) and issubclass(kind, journal.Record) and kind is not journal.Record
]


def same(one, other):
    """Whether two records say the same; nodes and heads by their bytes."""
    for field in fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, Node):
            a, b = (a.id, a.message.body, a.message.role), (b.id, b.message.body, b.message.role)
        assert a == b, field.name
    return True


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_a_record_comes_back_as_it_was(kind):
    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(record_of(kind))
    def comes_back(record):
        line = encode(record)
        assert b"\n" not in line
        assert json.loads(line)["kind"] == kind.kind
        assert same(record, decode(line, Tree()))

    comes_back()


def test_every_kind_has_a_name_of_its_own():
    assert len({kind.kind for kind in KINDS}) == len(KINDS)


def test_a_kind_of_a_newer_version_is_passed_over_and_its_new_fields_too():
    assert decode(b'{"kind":"hologram","at":1}', Tree()) is None
    record = decode(b'{"kind":"drop","at":1.5,"branch":"a","why":"new"}', Tree())
    assert record == journal.ReportDropped(at=1.5, branch="a")


@pytest.mark.parametrize(
    "line",
    [
        b'{"kind":"drop","at":1.5}',
        b'{"kind":"node","at":1.5,"branch":"main","id":"00","parent":null}',
        b'{"kind":"node","at":1.5,"branch":"main","id":"00","parent":null,"message":{"role":"user","content":[{}]}}',
        b'{"kind":"node","at":1.5,"branch":"main","id":"00","parent":null,"message":{"role":"robot","content":[{}]}}',
        b'{"kind":"head","at":1.5,"id":"00","endpoint":"x","headers":[],"body":{}}',
    ],
)
def test_what_contradicts_itself_is_no_record(line):
    with pytest.raises(BadRecord):
        decode(line, Tree())


def test_a_node_without_its_parent_is_told_apart_from_a_bad_one():
    node = Node(
        Node(None, seal("user", [{"type": "text", "text": "x"}])), seal("assistant", [{"type": "text", "text": "y"}])
    )
    with pytest.raises(KeyError):
        decode(encode(journal.NodeSealed(at=1.0, branch="main", node=node)), Tree())


def test_the_bytes_of_a_message_stand_in_its_line_verbatim():
    message = seal("user", [{"type": "text", "text": 'a "quoted" ☃ \u2028 line'}])
    record = journal.NodeSealed(at=1.0, branch="main", node=Node(None, message), told={"message": "x", "a": "b"})
    assert encode(record).endswith(b',"message":' + message.body + b"}")
    assert same(record, decode(encode(record), Tree()))


def test_a_head_is_the_same_head_when_it_comes_back():
    head = Head("offline", (("anthropic-version", "1"),), b'{"model":"m","system":[{"type":"text","text":"\\u00e9"}]')
    found = decode(encode(journal.HeadMade(at=1.0, head=head)), Tree())
    assert found.head.id == head.id
    assert replace(found, at=1.0).head.body == head.body
