"""A session as something to read again: its branches, their epochs, and in them what was said and done, as data.

Renderers make Markdown and HTML of it. A fork tells what is its own, not what it shares with its parent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, cast

from omg.agent.state import Branch, Tree
from omg.cache.ledger import Figures
from omg.session import accounts
from omg.session.naming import title_of
from omg.wire.chain import Node, path

ItemKind = Literal["words", "task", "reply", "thinking", "call", "report", "summary", "told", "other"]
"""words: the person's. told: what the model was told beside them. other: a block that is no text, named by its type."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that was said or done. Of a call, `text` is its one line, `input` what it was given, and `result` what
    came of it (None: nothing is on record)."""

    kind: ItemKind
    text: str
    node: str
    turn: int = 0
    """Which of the person's messages on this branch it belongs to; 0: before the first."""
    input: Mapping[str, object] = field(default_factory=dict[str, object])
    result: str | None = None
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A branch's life in one epoch. `ended` is why the next one began; None in the newest."""

    number: int
    items: tuple[Item, ...]
    ended: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """One branch: `turn` is the turn of its parent that it was forked in."""

    branch: str
    parent: str | None
    task: str | None
    status: str | None
    error: str | None
    purpose: str
    turn: int
    parts: tuple[Part, ...]
    figures: Figures


@dataclass(frozen=True, slots=True)
class Transcript:
    """A whole session. Times are in seconds, UTC epoch."""

    id: str
    title: str
    folder: str
    created: float
    updated: float
    models: tuple[str, ...]
    parent: str | None
    sections: tuple[Section, ...]
    figures: Figures

    def narrowed(self, branch: str | None, turn: int | None) -> Transcript:
        """The same with one branch, or one turn of it (of main, where no branch is named). Raises LookupError."""
        if branch is None and turn is None:
            return self
        name = branch or "main"
        section = next((one for one in self.sections if one.branch == name), None)
        if section is None:
            raise LookupError(
                f"there is no branch {name!r}: there are {', '.join(one.branch for one in self.sections)}"
            )
        if turn is not None:
            parts = tuple(
                replace(part, items=items)
                for part in section.parts
                if (items := tuple(item for item in part.items if item.turn == turn))
            )
            if not parts:
                most = max((item.turn for part in section.parts for item in part.items), default=0)
                raise LookupError(f"{name} has no turn {turn}: it has {most}")
            section = replace(section, parts=parts)
        return replace(self, sections=(section,))


def transcript(tree: Tree) -> Transcript:
    """The transcript of a session."""
    lines = accounts.lines(tree)
    said = {id: line for of_node in tree.call_lines.values() for id, line in of_node.items()}
    turns: dict[str, int] = {}
    sections: list[Section] = []
    for branch in tree.branches.values():
        reader = _Reader(tree, branch, said)
        parts = tuple(reader.parts())
        turns |= reader.turns
        made, base = branch.made, branch.past[0].base if branch.past else branch.base
        sections.append(
            Section(
                branch.name,
                made.parent,
                made.task,
                branch.status,
                branch.error,
                made.purpose,
                turns.get(base.id, 0) if base and made.parent else 0,
                parts,
                accounts.of_branch(lines, branch.name),
            )
        )
    made = tree.session
    models = tuple(dict.fromkeys(head.model for head in tree.heads.values()))
    figures = accounts.sums(lines)
    return Transcript(
        made.id, title_of(tree), made.folder, made.at, tree.updated, models, made.parent, tuple(sections), figures
    )


class _Reader:
    """Reads one branch, epoch by epoch."""

    def __init__(self, tree: Tree, branch: Branch, said: Mapping[str, str]) -> None:
        self._tree, self._branch, self._said = tree, branch, said
        self._turn = 0
        self.turns: dict[str, int] = {}
        """By node: the turn it belongs to."""

    def parts(self) -> Iterator[Part]:
        branch = self._branch
        before: Node | None = None
        for over in branch.past:
            yield Part(over.number, tuple(self._items(over.base, over.tip, before, over.number == 1)), over.cause)
            before = over.tip
        yield Part(branch.epoch, tuple(self._items(branch.base, branch.tip, before, branch.epoch == 1)))

    def _items(self, base: Node | None, tip: Node | None, before: Node | None, first: bool) -> Iterator[Item]:
        """What an epoch added; and where it began with a history of its own, the summary in that."""
        shared = base.depth if base is not None and not (first and self._branch.made.parent is None) else 0
        if base is not None and not first and not _extends(before, base):
            yield from self._summary(path(base)[0])
        nodes = path(tip)
        results = {id: block for node in nodes[shared:] for id, block in _results(node)}
        for node in nodes[shared:]:
            yield from self._of(node, results)
            self.turns[node.id] = self._turn

    def _summary(self, node: Node) -> Iterator[Item]:
        """What the first message of an epoch tells of the history before it."""
        for block in node.message.content:
            text = str(block.get("text", ""))
            if text.startswith("<summary"):
                yield Item("summary", text, node.id, self._turn)

    def _of(self, node: Node, results: Mapping[str, Mapping[str, object]]) -> Iterator[Item]:
        spoken = self._tree.words.get(node.id)
        if spoken is not None:
            self._turn += 1
        for index, block in enumerate(node.message.content):
            item = self._item(node, index == spoken, block, results)
            if item is not None:
                yield item

    def _item(
        self, node: Node, spoken: bool, block: Mapping[str, object], results: Mapping[str, Mapping[str, object]]
    ) -> Item | None:
        match block.get("type"):
            case "text":
                text = str(block["text"])
                kind = self._kind(text, spoken) if node.message.role == "user" else "reply"
                return Item(kind, text, node.id, self._turn) if text.strip() else None
            case "thinking":
                text = str(block.get("thinking") or "")
                return Item("thinking", text, node.id, self._turn) if text.strip() else None
            case "tool_use":
                return self._call(node, block, results.get(str(block["id"])))
            case "tool_result":
                return None
            case kind:
                return Item("other", str(kind), node.id, self._turn)

    def _kind(self, text: str, spoken: bool) -> ItemKind:
        if spoken:
            return "task" if self._branch.made.parent is not None and self._turn == 1 else "words"
        if text.startswith("<summary"):
            return "summary"
        return "report" if text.startswith("<report") else "told"

    def _call(self, node: Node, block: Mapping[str, object], result: Mapping[str, object] | None) -> Item:
        given = block.get("input")
        values = cast(dict[str, object], given) if isinstance(given, dict) else {}
        name, said = str(block["name"]), self._said.get(str(block["id"]), "").removeprefix(f"{block['name']} ")
        subject = next((value for value in values.values() if isinstance(value, str)), "")
        line = " ".join(f"{name} {said or subject[:120]}".split())
        if result is None:
            return Item("call", line, node.id, self._turn, values)
        failed = bool(result.get("is_error"))
        return Item("call", line, node.id, self._turn, values, _text(result.get("content")), failed)


def _extends(tip: Node | None, base: Node) -> bool:
    """Whether `base` is in the history of `tip`."""
    return tip is not None and tip.extends(base)


def _results(node: Node) -> Iterator[tuple[str, Mapping[str, object]]]:
    for block in node.message.content if node.message.role == "user" else ():
        if block.get("type") == "tool_result":
            yield str(block["tool_use_id"]), block


def _text(content: object) -> str:
    if not isinstance(content, list):
        return str(content or "")
    parts = cast(list[object], content)
    blocks = [cast(dict[str, object], part) for part in parts if isinstance(part, dict)]
    return "\n".join(str(block.get("text", f"({block.get('type')})")) for block in blocks)
