"""What a history remembers of a person and of what was before it: their words, and the summary it begins with."""

from __future__ import annotations

import re
from collections.abc import Iterator

from omg.agent.state import Tree
from omg.wire.chain import Node

_SUMMARY = re.compile(r"<summary>\n[^\n]*\n\n(.*)\n</summary>", re.S)


def person_said(tree: Tree, tip: Node | None) -> list[str]:
    """The person's words on the way to `tip`, the oldest first."""
    return [text for node in _backwards(tip) if (text := spoken(tree, node))][::-1]


def _backwards(tip: Node | None) -> Iterator[Node]:
    return tip.ancestors() if tip else iter(())


def spoken(tree: Tree, node: Node) -> str:
    """The person's words in a message; empty where there are none."""
    at = tree.words.get(node.id)
    return "" if at is None else str(node.message.content[at].get("text", ""))


def said_before(tree: Tree, tip: Node | None) -> Iterator[str]:
    """The person's words up to `tip` and before the epoch it lies in, the newest first, each once."""
    known: set[str] = set()
    while tip is not None:
        earlier: Node | None = None
        for node in tip.ancestors():
            earlier = tree.folded.get(node.id, earlier)
            text = spoken(tree, node)
            if text and text not in known:
                known.add(text)
                yield text
        tip = earlier


def summary_before(tip: Node) -> str | None:
    """The summary that the history of `tip` begins with; None where it begins at the beginning."""
    first = next((node for node in tip.ancestors() if node.parent is None), tip)
    for block in first.message.content:
        text = block.get("text")
        found = _SUMMARY.match(text) if isinstance(text, str) else None
        if found:
            return found[1]
    return None
