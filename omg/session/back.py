"""What was said on a branch, read backwards from its end: a page at a time, for a screen that shows the end first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

from omg.agent.attach import said_in
from omg.agent.state import Branch, Tree
from omg.wire.chain import Node

_REPORT = re.compile(r'<report fork="([^"]*)"[^>]*>\n?(.*?)(?:\n</report>)?\s*$', re.DOTALL)
"""A report as `prompts/report.md` puts it before the model."""


@dataclass(frozen=True, slots=True)
class _Result:
    """What a call came to: the text that the model got, and the line for people."""

    text: str
    is_error: bool
    line: str


PieceKind = Literal["words", "thought", "reply", "call", "report", "fork", "break"]


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing on a branch: `words` of the person (or a fork's task), a `thought`, a `reply`, a tool `call` with its
    result, a `report` that was joined, a `fork` that was born there, or a `break` between two epochs."""

    kind: PieceKind
    text: str
    """Words, thought or reply; a call's result; a report; a task; why the next epoch began."""
    name: str = ""
    """The tool's name, or the fork's."""
    id: str = ""
    input: dict[str, object] = field(default_factory=dict[str, object])
    is_error: bool = False
    open: bool = False
    """Whether a call has no result yet."""
    line: str = ""
    """What a call came to, in one line for people."""


@dataclass(slots=True)
class Back:
    """Reads a branch's own history (a fork's from its fork point on) from its end to its beginning."""

    tree: Tree
    branch: Branch
    _stretches: list[list[Node]] | None = None
    _causes: list[str] = field(default_factory=list[str])

    @property
    def more(self) -> bool:
        """Whether there is anything left to read."""
        return any(self._left()) or len(self._left()) > 1

    def page(self, nodes: int) -> list[Piece]:
        """The pieces of the next `nodes` messages or a few more, in the order they were said. Empty at the end."""
        stretches = self._left()
        if not stretches:
            return []
        stretch = stretches[-1]
        start = max(len(stretch) - nodes, 0)
        while start > 0 and stretch[start].message.role != "assistant":
            start -= 1  # a page must not part calls from their results
        taken, stretch[start:] = stretch[start:], []
        pieces = list(_pieces(self.tree, taken, self.branch))
        if not stretch:
            stretches.pop()
            if stretches:
                pieces.insert(0, Piece("break", self._causes.pop()))
        return pieces

    def _left(self) -> list[list[Node]]:
        if self._stretches is None:
            self._stretches = self._begin()
        return self._stretches

    def _begin(self) -> list[list[Node]]:
        """The nodes of each epoch, the newest epoch last. What a branch has gone back from is not on it any more."""
        branch = self.branch
        epochs = [*((epoch.base, epoch.tip) for epoch in branch.past), (branch.base, branch.tip)]
        place, upto, stretches = len(epochs) - 1, branch.tip, list[list[Node]]()
        while place > 0:
            base = epochs[place][0]
            older = next((at for at in range(place - 1, -1, -1) if _holds(epochs[at][1], base)), None)
            stretches.insert(0, _between(base, upto))
            self._causes.insert(0, branch.past[place - 1].cause)
            if older is None and base is not None and any(_root(base) is _root(tip) for _, tip in epochs[:place]):
                upto = base  # a fork's history, or one for another model: all of it is there
                break
            place, upto = (place - 1, epochs[place - 1][1]) if older is None else (older, base)
        beginning = branch.past[0].base if branch.past else branch.base
        stretches.insert(0, _between(beginning if branch.made.parent is not None else None, upto))
        return stretches


def _holds(tip: Node | None, node: Node | None) -> bool:
    return tip is not None and tip.extends(node)


def _root(tip: Node | None) -> Node | None:
    """The first message of a history."""
    return next((node for node in tip.ancestors() if node.parent is None), None) if tip is not None else None


def _between(base: Node | None, tip: Node | None) -> list[Node]:
    """The nodes behind `base` up to `tip`."""
    nodes: list[Node] = []
    node = tip
    while node is not None and node is not base:
        nodes.append(node)
        node = node.parent
    return nodes[::-1]


def _pieces(tree: Tree, nodes: Sequence[Node], branch: Branch) -> Iterator[Piece]:
    """The pieces of `nodes`, which begin with a reply or at the beginning of a stretch."""
    contents = [node.message.content for node in nodes]
    born, left = _born(tree, branch), _left_open(branch)
    for place, (node, content) in enumerate(zip(nodes, contents, strict=True)):
        if node.message.role == "user":
            yield from _said(tree, node, content)
        else:
            results = _results(tree, nodes[place + 1], contents[place + 1]) if place + 1 < len(nodes) else {}
            yield from _replied(content, left | results)
        for child in born.get(node.id, ()):
            yield Piece("fork", child.made.task or "", child.name)


def _born(tree: Tree, branch: Branch) -> dict[str, list[Branch]]:
    """The forks of a branch, by the node that they begin at."""
    born: dict[str, list[Branch]] = {}
    for child in tree.children(branch.name):
        if child.made.node is not None:
            born.setdefault(child.made.node, []).append(child)
    return born


def _said(tree: Tree, node: Node, content: list[dict[str, object]]) -> Iterator[Piece]:
    for block in content:
        found = _REPORT.match(str(block.get("text", ""))) if block.get("type") == "text" else None
        if found is not None:
            yield Piece("report", found[2].strip(), found[1])
    spoken = said_in(node.message, tree.words.get(node.id), tree.attached.get(node.id, 0))
    if spoken:
        attached = (f"[{attachment.label}]" for attachment in spoken.attachments)
        yield Piece("words", "\n".join(part for part in (spoken.words, *attached) if part))


def _replied(content: list[dict[str, object]], results: Mapping[str, _Result]) -> Iterator[Piece]:
    for block in content:
        match block.get("type"):
            case "text" if str(block.get("text", "")).strip():
                yield Piece("reply", str(block["text"]))
            case "thinking" if str(block.get("thinking") or "").strip():
                yield Piece("thought", str(block["thinking"]))
            case "tool_use":
                yield _call(block, results)
            case _:
                pass


def _call(block: dict[str, object], results: Mapping[str, _Result]) -> Piece:
    id, given = str(block.get("id")), block.get("input")
    values = cast(dict[str, object], given) if isinstance(given, dict) else {}
    found = results.get(id)
    if found is None:
        return Piece("call", "", str(block.get("name")), id, values, open=True)
    return Piece("call", found.text, str(block.get("name")), id, values, found.is_error, line=found.line)


def _left_open(branch: Branch) -> dict[str, _Result]:
    """The results that no message holds: of calls at the end of an epoch, or of what is there now."""
    lives = [*(epoch.results for epoch in branch.past), branch.results]
    return {id: _Result(done.text, done.is_error, done.line) for results in lives for id, done in results.items()}


def _results(tree: Tree, node: Node, content: list[dict[str, object]]) -> dict[str, _Result]:
    """The results in a user message, by their calls' ids."""
    blocks = [(str(block.get("tool_use_id")), block) for block in content if block.get("type") == "tool_result"]
    lines = tree.call_lines.get(node.id, {})
    return {
        id: _Result(_text(block.get("content")), bool(block.get("is_error")), lines.get(id, "")) for id, block in blocks
    }


def _text(content: object) -> str:
    if isinstance(content, list):
        parts = cast(list[dict[str, object]], content)
        return "\n".join(str(part.get("text", "")) for part in parts)
    return "" if content is None else str(content)
