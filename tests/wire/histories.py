"""Small histories to test with."""

from __future__ import annotations

from hypothesis import strategies as st

from omg.wire.chain import Node
from omg.wire.head import Head, render_head
from omg.wire.seal import seal

HEAD: Head = render_head(
    "https://example.test",
    model="m",
    tools=[{"name": "t", "description": "d", "input_schema": {"type": "object"}}],
    system=["You are."],
    headers=(("anthropic-version", "1"),),
)


def said(*texts: str, role: str = "user", parent: Node | None = None) -> Node:
    """A node with one text block for each of `texts`."""
    return Node(parent, seal(role, [{"type": "text", "text": text} for text in texts]))  # type: ignore[arg-type]


def talk(*messages: str, parent: Node | None = None) -> Node:
    """A history in which the two sides take turns."""
    node = parent
    for text in messages:
        node = said(text, role="user" if node is None or node.message.role == "assistant" else "assistant", parent=node)
    assert node is not None
    return node


words = st.text(min_size=1, max_size=20)
histories = st.lists(st.lists(words, min_size=1, max_size=4), min_size=1, max_size=12)


def grow(history: list[list[str]]) -> Node:
    """A history from lists of block texts."""
    node = None
    for index, texts in enumerate(history):
        node = said(*texts, role="assistant" if index % 2 else "user", parent=node)
    assert node is not None
    return node
