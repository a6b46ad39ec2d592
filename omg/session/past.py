"""What was said on a branch, as people want to see it again: their words, the calls, the replies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from omg.agent.attach import said_in
from omg.agent.state import Branch, Tree
from omg.wire.chain import Node, path


@dataclass(frozen=True, slots=True)
class Said:
    """One thing on a branch: `words` of the person (or a fork's task), a `reply`, or tool `calls` in between."""

    kind: Literal["words", "reply", "calls"]
    text: str
    count: int = 0
    """Calls that follow each other, for kind "calls"; `text` names their tools."""


def said(tree: Tree, branch: Branch, exchanges: int) -> tuple[list[Said], bool]:
    """The last `exchanges` (words and all that came of them) of a branch itself, and whether there was more."""
    forked = branch.made.parent is not None and branch.epoch == 1  # a history that was folded is its own
    shared = branch.base.depth if branch.base and forked else 0
    own = path(branch.tip)[shared:]
    starts = [index for index, node in enumerate(own) if node.id in tree.words or node.id in tree.attached]
    first = starts[-exchanges] if len(starts) > exchanges else 0
    return list(_merged(_said(tree, own[first:]))), first > 0


def _said(tree: Tree, nodes: tuple[Node, ...] | list[Node]) -> Iterator[Said]:
    for node in nodes:
        if node.role == "user":
            spoken = said_in(node.message, tree.words.get(node.id), tree.attached.get(node.id, 0))
            if spoken:
                attached = (f"[{attachment.label}]" for attachment in spoken.attachments)
                yield Said("words", "\n".join(part for part in (spoken.words, *attached) if part))
            continue
        for block in node.message.content:
            if block.get("type") == "text" and str(block.get("text", "")).strip():
                yield Said("reply", str(block["text"]))
            elif block.get("type") == "tool_use":
                yield Said("calls", str(block.get("name")), 1)


def _merged(items: Iterator[Said]) -> Iterator[Said]:
    """Calls that follow each other as one."""
    held: Said | None = None
    for item in items:
        if held is not None and item.kind == "calls":
            names = dict.fromkeys([*held.text.split(", "), item.text])
            held = Said("calls", ", ".join(names), held.count + 1)
            continue
        if held is not None:
            yield held
        held = item if item.kind == "calls" else None
        if held is None:
            yield item
    if held is not None:
        yield held
