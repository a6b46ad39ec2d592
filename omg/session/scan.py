"""What the index keeps of a log, line by line: a summary that grows, and the texts that people look for."""

from __future__ import annotations

import json
import math
import re
import zlib
from dataclasses import asdict, dataclass, field, replace
from typing import Any, cast

from omg.cache.prices import LISTED
from omg.core.usage import Usage
from omg.session import title
from omg.wire.head import Head

_MESSAGE = b',"message":{'
_BODY = b',"body":{'
_GIT = re.compile(r"^git: branch (.+) at [^\n]*$", re.MULTILINE)
_SILENT = frozenset({"title", "compaction", "keep_alive", "warm_up"})
"""Purposes of branches whose words nobody has said and nobody reads."""
_UNREADABLE = (KeyError, ValueError, TypeError, AttributeError, IndexError, OverflowError, RecursionError)
_CALL = 120
"""Characters of one tool call."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text to be found. `place` rises within a session; `kind` is one of `Hit`'s."""

    place: int
    branch: str
    node: str | None
    kind: str
    text: str


@dataclass(slots=True)
class State:
    """What has been read of a log so far; it lasts from one reading to the next, as JSON."""

    id: str = ""
    folder: str = ""
    created: float = 0.0
    parent: str | None = None
    git: str | None = None
    named: str | None = None
    """The title that a person gave, or else the model."""
    by_person: bool = False
    first: list[str] = field(default_factory=list[str])
    """The person's first messages, clipped."""
    turns: int = 0
    forks: int = 0
    requests: int = 0
    cost: float = 0.0
    unpriced: bool = False
    places: int = 0
    branches: dict[str, list[Any]] = field(default_factory=dict[str, list[Any]])
    """By name: the parent's name or None, whether it is silent, whether it has had its task, and the hash of its last
    reply."""
    heads: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """By id: model and endpoint."""
    sent: dict[str, list[Any]] = field(default_factory=dict[str, list[Any]])
    """Requests that are not settled, by number: branch, head, time, purpose, and what they used."""
    unaccepted: dict[str, list[list[Any]]] = field(default_factory=dict[str, list[list[Any]]])
    """By branch, the messages that no reply has begun to: node, and whether it was a turn."""

    @property
    def title(self) -> str:
        return self.named or title.derived(self.first)

    def figures(self) -> tuple[int, float | None]:
        """How many requests were billed, and what they cost in dollars; None where a price is unknown."""
        begun = [entry for entry in self.sent.values() if entry[4] is not None]
        costs = [_cost(self.heads, entry, entry[4], 0) for entry in begun]
        known = [cost for cost in costs if cost is not None]
        unknown = self.unpriced or len(known) < len(costs)
        return self.requests + len(begun), None if unknown else self.cost + sum(known)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> State:
        return cls(**json.loads(text))


class Scan:
    """Reads on from `state`. `added` are new texts; texts of the nodes in `dropped` that were there before are gone."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.added: list[Text] = []
        self.dropped: list[tuple[str, str]] = []
        """Branch and node."""

    def take(self, line: bytes) -> None:
        """Take a record's JSON into account. What makes no sense, or is of a newer kind, is passed over."""
        try:
            kind = line[9 : line.index(b'"', 9)] if line.startswith(b'{"kind":"') else b""
            match kind:
                case b"node":
                    self._node(line)
                case b"head":
                    self._head(line)
                case b"session" | b"branch" | b"request" | b"begun" | b"settled" | b"back" | b"end" | b"title":
                    self._record(kind, json.loads(line))
                case _:
                    pass
        except _UNREADABLE:
            return

    def _record(self, kind: bytes, values: dict[str, Any]) -> None:
        state = self.state
        match kind:
            case b"session" if state.id:
                pass
            case b"session":
                state.id, state.folder = _text(values["id"]), _text(values["folder"])
                state.created, state.parent = _number(values["at"]), _text(values["parent"]) or None
            case b"branch":
                self._branch(values)
            case b"request":
                entry = [str(values["branch"]), str(values["head"]), _number(values["at"]), values["purpose"], None]
                state.sent[str(values["n"])] = entry
            case b"begun":
                self._begun(str(values["n"]), values["usage"])
            case b"settled":
                self._settled(str(values["n"]), values["usage"], values["output_seen"])
            case b"back":
                self._back(str(values["branch"]))
            case b"end":
                self._ended(str(values["branch"]), str(values["text"]))
            case _:
                self._titled(values)

    def _branch(self, values: dict[str, Any]) -> None:
        state, name, parent = self.state, str(values["name"]), values["parent"]
        purpose = values.get("purpose", "turn")
        state.branches[name] = [parent, purpose in _SILENT, False, 0]
        state.forks += parent is not None and purpose == "fork"

    def _head(self, line: bytes) -> None:
        front, _, rest = line.partition(_BODY)
        values = json.loads(front + b"}")
        head = Head(str(values["endpoint"]), (), b"{" + rest[:-2])
        self.state.heads[str(values["id"])] = [head.model, head.endpoint]

    def _node(self, line: bytes) -> None:
        front, _, rest = line.partition(_MESSAGE)
        values = json.loads(front + b"}")
        branch, node = str(values["branch"]), str(values["id"])
        known = self.state.branches.get(branch)
        if known is None:  # copied from the session that this one was forked from
            return
        if rest.startswith(b'"role":"assistant"'):
            self.state.unaccepted.pop(branch, None)
            if not known[1]:
                self._said(branch, node, _message(rest))
            return
        spoken = values.get("words")
        turn = spoken is not None and known[0] is None
        self.state.unaccepted.setdefault(branch, []).append([node, turn])
        message = _message(rest) if spoken is not None or "git" in values.get("told", ()) else []
        self._asked(branch, node, message, spoken)
        self._told(message)

    def _asked(self, branch: str, node: str, message: list[dict[str, Any]], spoken: int | None) -> None:
        """The person's words on main or on a fork, or the fork's task, which comes first."""
        known = self.state.branches[branch]
        if spoken is None or known[1]:
            return
        words = str(message[spoken]["text"])
        if known[0] is None:
            self.state.turns += 1
            if len(self.state.first) < title.FIRST:
                self.state.first.append(title.shortened(words))
        kind = "words" if known[0] is None or known[2] else "task"
        known[2] = True
        self._add(branch, node, kind, words)

    def _told(self, message: list[dict[str, Any]]) -> None:
        """The git branch, where a message tells of it."""
        for block in message:
            text = block.get("text")
            if isinstance(text, str) and text.startswith("<environment"):
                found = _GIT.search(text)
                name = found[1] if found else None
                if found or "git: not a git repository" in text:
                    self.state.git = None if name in (None, "(detached)") else _text(name)

    def _said(self, branch: str, node: str, message: list[dict[str, Any]]) -> None:
        text = "".join(str(block.get("text", "")) for block in message if block.get("type") == "text")
        calls = [_call(block) for block in message if block.get("type") == "tool_use"]
        if text.strip():
            self.state.branches[branch][3] = _hash(text)
            self._add(branch, node, "reply", text)
        if calls:
            self._add(branch, node, "call", "; ".join(calls))

    def _begun(self, n: str, usage: dict[str, Any]) -> None:
        entry = self.state.sent[n]
        entry[4] = {**usage, "output": None}
        if entry[3] != "keep_alive":
            self.state.unaccepted.pop(entry[0], None)

    def _settled(self, n: str, usage: dict[str, Any] | None, seen: int) -> None:
        entry = self.state.sent.pop(n)
        if usage is None:
            return
        cost = _cost(self.state.heads, entry, usage, seen)
        self.state.requests += 1
        self.state.cost += cost or 0.0
        self.state.unpriced |= cost is None

    def _back(self, branch: str) -> None:
        """No reply began: what was said is taken back, and will perhaps be said again."""
        for node, turn in self.state.unaccepted.pop(branch, []):
            self.added = [text for text in self.added if (text.branch, text.node) != (branch, node)]
            self.dropped.append((branch, node))
            if turn:
                self.state.turns -= 1
                del self.state.first[self.state.turns :]

    def _ended(self, branch: str, text: str) -> None:
        """A fork's report, where it is not what it said last anyway."""
        known = self.state.branches[branch]
        if text.strip() and not known[1] and known[3] != _hash(text):
            self._add(branch, None, "report", text)

    def _titled(self, values: dict[str, Any]) -> None:
        person = values.get("by", "person") == "person"
        if person or not self.state.by_person:
            self.state.named, self.state.by_person = title.shortened(str(values["title"])), person

    def _add(self, branch: str, node: str | None, kind: str, text: str) -> None:
        self.state.places += 1
        spaced = " ".join(title.clean(text).split())
        self.added.append(Text(self.state.places, _text(branch), node, kind, spaced))


def _message(rest: bytes) -> list[dict[str, Any]]:
    """The blocks of a message, of whose bytes the opening brace is missing and a closing one is too many."""
    return cast(list[dict[str, Any]], json.loads(b"{" + rest[:-1])["content"])


def _call(block: dict[str, Any]) -> str:
    """A tool call in a line: its name and what it is about."""
    subject = next((value for value in block["input"].values() if isinstance(value, str)), "")
    return title.cut(f"{block['name']} {' '.join(subject[: 2 * _CALL].split())}".strip(), _CALL)


def _cost(heads: dict[str, list[str]], entry: list[Any], usage: dict[str, Any], seen: int) -> float | None:
    """Dollars for one request at list prices; of a cut reply, for what was seen. None with a damaged head, too."""
    try:
        model, endpoint = heads[entry[1]]
        used = Usage(**usage)
        known = replace(used, output=seen) if used.output is None else used
        cost = LISTED.cost(known, model, endpoint, at=entry[2])
    except _UNREADABLE:
        return None
    return cost if cost is None or math.isfinite(cost) else None


def _hash(text: str) -> int:
    """A number that two different texts hardly share, and that is the same in every process."""
    return zlib.crc32(text.strip().encode("utf-8", "replace"))


def _text(value: object) -> str:
    return " ".join(title.clean(str(value)).split()) if value is not None else ""


def _number(value: Any) -> float:
    number = float(value)
    return number if math.isfinite(number) else 0.0
