"""Completion, once for all front ends: `/` commands and what they take, `@` files of the folder."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import islice
from pathlib import Path
from typing import Literal

from omg.agent.permit import MODES
from omg.core.tool import ToolError
from omg.provider.models import EFFORTS
from omg.session.commands import COMMANDS, Command
from omg.session.conversation import Conversation
from omg.session.query import Query
from omg.session.rewind import spoken
from omg.workspace.listing import names_under

_AT = re.compile(r"(?:^|(?<=[\s(`\"']))@([^\s@]*)$")
_ANCHOR = re.compile(r"/(?:fork|switch|ask) @\S*")
"""Where an @ is no file's."""
_MOST = 50
_FRESH = 10.0
"""Seconds that a listing of the folder is used for."""


@dataclass(frozen=True, slots=True)
class Choice:
    """`text` takes the place of what is typed; `label` and `about` are what a person sees of it; `wants`: something is
    to be said behind it."""

    text: str
    label: str
    about: str = ""
    wants: bool = False


@dataclass(frozen=True, slots=True)
class Choices:
    """What could stand there instead of the last `typed` characters before the cursor, the best first."""

    kind: Literal["file", "command", "argument"]
    typed: int
    rows: tuple[Choice, ...]


class Completing:
    """Knows what can complete a line. `choices` may be slow (files, sessions): call it in a thread."""

    def __init__(self, folder: Path, conversation: Callable[[], Conversation | None]) -> None:
        self._folder, self._conversation = folder, conversation
        self._names: Sequence[str] = ()
        self._listed = 0.0

    def choices(self, before: str) -> Choices | None:
        """For the text before the cursor; None where nothing is to be completed."""
        at = _AT.search(before)
        if at is not None and not _ANCHOR.fullmatch(before):
            rows = tuple(Choice(_quoted(name), name) for name in self._files(at[1]))
            return Choices("file", len(at[1]) + 1, rows)
        if before.startswith("/") and "\n" not in before:
            return self._command(before[1:])
        return None

    def _files(self, wanted: str) -> list[str]:
        if time.monotonic() - self._listed > _FRESH or not self._listed:
            try:
                self._names = names_under(str(self._folder), None)[1]
            except (OSError, ToolError):  # nothing to offer: the words can still be typed
                self._names = ()
            self._listed = time.monotonic()
        return best(self._names, wanted)

    def _command(self, typed: str) -> Choices | None:
        name, space, rest = typed.partition(" ")
        if not space:
            return Choices("command", len(name), tuple(map(_choice, _fit(name))))
        command, conversation = COMMANDS.get(name), self._conversation()
        if command is None or conversation is None:
            return None
        values = list(_values(conversation, command, rest.split(" ")[:-1]))
        last = rest.rpartition(" ")[2]
        rows = tuple(Choice(value, value, about) for value, about in values if value.startswith(last))
        return Choices("argument", len(last), rows) if rows else None


def _choice(command: Command) -> Choice:
    there = command.help if command.run else f"{command.help} (not there yet)"
    return Choice(command.name, f"/{command.name} {command.usage}".rstrip(), there, bool(command.usage))


def _fit(typed: str) -> list[Command]:
    """The commands that fit what is typed: the one it names, those that begin with it, that hold it, or its letters."""
    scattered = re.compile(".*?".join(map(re.escape, typed)))
    ranked: list[tuple[int, int, Command]] = []
    for place, command in enumerate(COMMANDS.values()):
        rank = (
            -1 if command.name == typed else 0 if command.name.startswith(typed) else 1 if typed in command.name else 2
        )
        if rank < 2 or scattered.search(command.name):
            ranked.append((rank + (0 if command.run else 3), place, command))
    return [command for _, _, command in sorted(ranked, key=lambda found: found[:2])]


def _values(conversation: Conversation, command: Command, before: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What can stand behind a command and the words `before`, and what each means. Reads the disk for sessions."""
    if before:
        if command.name == "model" and len(before) == 1:
            yield from ((effort, "effort") for effort in EFFORTS)
        return
    if command.name == "effort":
        yield from ((effort, "") for effort in EFFORTS)
    elif command.name == "fork":
        for name, node in conversation.tree.anchors.items():
            yield f"@{name}", f"anchor, at {conversation.tokens_at(node)} tokens"
    elif command.name == "anchor":
        yield from ((name, "move it here") for name in conversation.tree.anchors)
    else:
        yield from command_values(conversation, command.name, command.usage)


def command_values(conversation: Conversation, name: str, usage: str) -> list[tuple[str, str]]:
    """What the first word behind a command can be, and what each means. Reads the disk for sessions."""
    from omg.provider.models import claude_names

    if name == "mode":
        return [(mode, "") for mode in MODES]
    if name == "model":
        return [(model, "") for model in claude_names()]
    if name == "resume":
        return [(found.summary.id, found.summary.title) for found in conversation.library.find(Query(), _MOST)]
    if name == "rewind":
        return [(str(message.number), message.words) for message in islice(spoken(conversation.tree), _MOST)]
    if name in ("switch", "ask"):
        return list(_places(conversation, forks=name == "switch"))
    if usage.startswith(("F", "[F")) and not usage.startswith("[FILE"):
        branches = conversation.tree.branches.values()
        return [(branch.name, branch.made.task or "") for branch in branches if branch.made.parent is not None]
    return []


def _places(conversation: Conversation, *, forks: bool) -> Iterator[tuple[str, str]]:
    """Epochs, anchors and forks to go on from, and what each is."""
    main = conversation.tree.branches["main"]
    for epoch in reversed(main.past):
        yield str(epoch.number), f"epoch {epoch.number}, until {epoch.cause}"
    for anchor in reversed(conversation.tree.anchors):
        yield f"@{anchor}", "anchor"
    for branch in conversation.tree.branches.values() if forks else ():
        if branch.made.parent is not None:
            yield branch.name, branch.made.task or ""


def best(names: Sequence[str], wanted: str) -> list[str]:
    """The names that fit `wanted` best: its letters in the file's own name, then in the path, then scattered."""
    low = wanted.lower()
    if not low:
        return sorted(names, key=lambda name: name.count("/"))[:_MOST]
    scattered = re.compile(".*?".join(map(re.escape, low)))
    ranked: list[tuple[int, int, str]] = []
    for name in names:
        path = name.lower()
        own = path.rpartition("/")[2]
        rank = 0 if own.startswith(low) else 1 if low in own else 2 if low in path else 3
        if rank < 3 or scattered.search(path):
            ranked.append((rank, len(name), name))
    return [name for _, _, name in nsmallest(_MOST, ranked)]


def _quoted(name: str) -> str:
    return f"`{name}`" if re.search(r"[\s`'\"]", name) else name
