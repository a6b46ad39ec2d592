"""Completion: `/` commands and what they take, `@` files of the folder."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from pathlib import Path

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from omg.core.tool import ToolError
from omg.session.commands import COMMANDS
from omg.session.conversation import Conversation
from omg.ui.text import one_line
from omg.workspace.listing import names_under

_AT = re.compile(r"(?:^|(?<=[\s(`\"']))@([^\s@]*)$")
_MOST = 50
_FRESH = 10.0
"""Seconds that a listing of the folder is used for."""


class Words(Completer):
    """Completes what stands before the cursor. Everything slow is done in a thread."""

    def __init__(self, folder: Path, conversation: Callable[[], Conversation | None]) -> None:
        self._folder, self._conversation = folder, conversation
        self._names: Sequence[str] = ()
        self._listed = 0.0

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """Not called by an application, which asks asynchronously."""
        return ()

    async def get_completions_async(
        self, document: Document, complete_event: CompleteEvent
    ) -> AsyncGenerator[Completion, None]:
        before = document.text_before_cursor
        at = _AT.search(before)
        if at is not None:
            for name in await asyncio.to_thread(self._files, at[1]):
                yield Completion(_quoted(name), start_position=-len(at[1]) - 1, display=one_line(name))
        elif before.startswith("/") and "\n" not in before:
            found = await asyncio.to_thread(lambda: list(self._commands(before[1:])))
            for completion in found:
                yield completion

    def _files(self, wanted: str) -> list[str]:
        if time.monotonic() - self._listed > _FRESH or not self._listed:
            try:
                self._names = names_under(str(self._folder), None)[1]
            except (OSError, ToolError):  # nothing to offer: the words can still be typed
                self._names = ()
            self._listed = time.monotonic()
        return best(self._names, wanted)

    def _commands(self, typed: str) -> Iterator[Completion]:
        name, space, rest = typed.partition(" ")
        if not space:
            known = [command for command in COMMANDS.values() if command.name.startswith(name)]
            for command in sorted(known, key=lambda command: command.run is None):
                there = command.help if command.run else f"{command.help} (not there yet)"
                yield Completion(command.name, -len(name), display=f"/{command.name}", display_meta=there)
            return
        command, conversation = COMMANDS.get(name), self._conversation()
        if command is None or conversation is None or " " in rest:
            return
        for value, meta in command_values(conversation, name, command.usage):
            if value.startswith(rest):
                yield Completion(value, -len(rest), display_meta=one_line(meta))


def command_values(conversation: Conversation, name: str, usage: str) -> list[tuple[str, str]]:
    """What the first word behind a command can be, and what each means. Reads the disk for sessions."""
    from omg.agent.permit import MODES
    from omg.provider.models import claude_names
    from omg.session.store import Store

    if name == "mode":
        return [(mode, "") for mode in MODES]
    if name == "model":
        return [(model, "") for model in claude_names()]
    if name == "resume":
        return [(summary.id, summary.title) for summary in Store(conversation.config.home).summaries()[:_MOST]]
    if usage.startswith(("F", "[F")):
        branches = conversation.tree.branches.values()
        return [(branch.name, branch.made.task or "") for branch in branches if branch.made.parent is not None]
    return []


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
    return [name for _, _, name in sorted(ranked)[:_MOST]]


def _quoted(name: str) -> str:
    return f"`{name}`" if re.search(r"[\s`'\"]", name) else name
