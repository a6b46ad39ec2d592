"""Commands that go about in the tree of a session: look at it, go on from another place in it, ask the past."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from omg.agent.attach import said_in
from omg.agent.spending import agreed
from omg.agent.starts import SHORTEST, NoStart, Start, find_epoch, find_start, of_branch, of_epoch, start_at
from omg.agent.state import Tree
from omg.cache.quote import Quote
from omg.core.amounts import money, tokens
from omg.core.spoken import Attachment
from omg.core.trouble import Trouble
from omg.session.bringing import Brought, Change, bring_back, changes_since
from omg.session.command import Action, Done
from omg.session.conversation import Conversation
from omg.session.rewind import Spoken, Written, spoken, written_since
from omg.session.tree_text import tree_text
from omg.session.tree_view import rows
from omg.wire.chain import Node

_LISTED = 20
"""Messages of the person's that `/rewind` lists."""
_NAMED = 8
"""Files, and commands, that are named; of more, the number is told."""


async def tree(conversation: Conversation, rest: str) -> Done:
    """`/tree`"""
    runtime = conversation.agent.runtime
    found = await asyncio.to_thread(rows, runtime.tree, runtime.holdings, runtime.clock())
    now = runtime.clock()
    return Done(tree_text(found, now), fit=lambda columns: tree_text(found, now, columns))


async def switch(conversation: Conversation, rest: str) -> Done:
    """`/switch F|EPOCH|@ANCHOR|NODE`"""
    if not rest:
        raise Trouble("say where to go on from: /switch F, an epoch's number, @ANCHOR or NODE; /tree lists them")
    start = find_start(conversation.tree, rest)
    return Done(await _gone(conversation, start, f"switch to {start.name}"), Action("past"))


async def promote(conversation: Conversation, rest: str) -> Done:
    """`/promote F`"""
    branch = conversation.tree.branches.get(rest.removeprefix("@"))
    if branch is None or branch.made.parent is None:
        raise Trouble(f"there is no fork {rest!r}: /forks lists them" if rest else "say which fork: /promote F")
    start = of_branch(branch)
    if start.fork is None:
        raise Trouble(f"{branch.name} has not said anything yet")
    return Done(await _gone(conversation, start, f"fork {branch.name} goes on as main"), Action("past"))


async def _gone(conversation: Conversation, start: Start, cause: str) -> str:
    """Let main go on at `start`, once the person agrees to the price; what came of it, in words. Raises Trouble."""
    main = conversation.tree.branches["main"]
    if start.node is main.accepted and start.head.id == main.head.id:
        raise Trouble("main is there already")
    conversation.agent.check_start(start)
    found = conversation.quote_start(start)
    prefix = tokens(found.prefix)
    if not await agreed(conversation.agent.runtime, "main", f"{cause}, {prefix} tokens", found.usd_warm):
        raise Trouble("main stays where it is")
    left = main.epoch
    conversation.go_on_at(start, cause)
    return f"main goes on from {start.name}: {_priced(found)}; /switch {left} goes back to where it was"


def place_text(conversation: Conversation, command: Literal["switch", "rewind"], name: str) -> str:
    """What it means to run a command with the place `name`: what it costs, what was said there. Raises Trouble."""
    tree = conversation.tree
    if command == "switch":
        start, said = find_start(tree, name), ""
    else:
        message = next((message for message in spoken(tree) if str(message.number) == name), None)
        if message is None:
            raise Trouble(f"there is no message {name}")
        files = written_since(tree.branches["main"], message.node.parent, conversation.config.catalog.tools).files
        start, said = start_at(tree, message.node.parent), message.words
        said += f"\n\nwritten since: {_named(files)}" if files else ""
    return f"{said}\n\n{_priced(conversation.quote_start(start))}".strip()


def _priced(found: Quote) -> str:
    warm = f"{tokens(found.warm.read)} of them warm" if found.warm.read else "all of them cold"
    cost = f"the next request costs about {money(found.usd_warm)} (cold: {money(found.usd_cold)})"
    return f"{tokens(found.prefix)} tokens, {warm}: {cost}"


async def rewind(conversation: Conversation, rest: str) -> Done:
    """`/rewind [N [keep]]`"""
    keep, rest = rest.endswith(" keep"), rest.removesuffix(" keep").strip()
    said = list(spoken(conversation.tree))
    if not said:
        past = conversation.tree.branches["main"].past
        before = (
            f"what was said before is in an earlier epoch: /switch {past[-1].number}" if past else "nothing was said"
        )
        raise Trouble(f"there is nothing to go back to here; {before}")
    if not rest:
        how = "go back to before one of them, files too: /rewind N (/rewind N keep leaves the files as they are)"
        return Done(f"{_listing(said)}\n{how}")
    if not (rest.isascii() and rest.isdecimal() and 0 < int(rest) <= len(said)):
        raise Trouble(f"{rest!r} is none of your messages: /rewind lists them, 1 is the newest")
    message = said[int(rest) - 1]
    node = message.node.parent
    written = written_since(conversation.tree.branches["main"], node, conversation.config.catalog.tools)
    changes = [] if keep else changes_since(conversation.tree, node)
    start = start_at(conversation.tree, node)
    gone = await _gone(conversation, start, f"back to before “{_short(message.words)}”")
    files = await _files(conversation, changes, written)
    attached = _attached(conversation.tree, message.node)
    return Done(f"{gone}\n{files}", Action("edit", message.words, attached))


def _attached(tree: Tree, node: Node) -> tuple[Attachment, ...]:
    """What the person attached to a message."""
    return said_in(node.message, tree.words.get(node.id), tree.attached.get(node.id, 0)).attachments


def _listing(said: Sequence[Spoken]) -> str:
    lines = [f"{message.number:>3}  {_short(message.words, 70)}" for message in reversed(said[:_LISTED])]
    more = [f"     … {len(said) - _LISTED} before"] if len(said) > _LISTED else []
    return "\n".join([*more, *lines])


def _short(words: str, most: int = 40) -> str:
    line = " ".join(words.split())
    return line if len(line) <= most else line[: most - 1] + "…"


async def _files(conversation: Conversation, changes: Sequence[Change], written: Written) -> str:
    """Bring back what the files held, where that is kept, and say what became of all, plainly."""
    kept, files = conversation.agent.runtime.kept, conversation.agent.live("main").files
    brought = Brought() if kept is None else await asyncio.to_thread(bring_back, changes, kept)
    told = {change.path for change in changes}
    others = [name for name in written.files if Path(os.path.realpath(files.resolve(name))) not in told]
    left = [*(f"{files.shown(path)} ({reason})" for path, reason in brought.left), *others]
    lines: list[str] = []
    if brought.back:
        lines.append(f"files hold again what they held: {_named(list(map(files.shown, brought.back)))}")
    if left:
        lines.append(f"files left as they are, written since: {_named(left)}")
    if written.commands:
        lines.append(f"commands run since, and what they did stays: {_named(written.commands)}")
    if brought.back and kept is not None:
        lines.append(f"what they held till now is kept in {kept.folder}")
    return "\n".join(lines) or "no file was written since"


def _named(names: Sequence[str]) -> str:
    more = f", and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(_short(name, 60) for name in names[:_NAMED]) + more


async def ask(conversation: Conversation, rest: str) -> Done:
    """`/ask [EPOCH|NODE] QUESTION`"""
    start, question = _asked(conversation, rest)
    if not question:
        raise Trouble("say what you want to know: /ask QUESTION, or /ask EPOCH|NODE QUESTION")
    conversation.agent.check_endpoint(start)
    found = conversation.quote_start(start)
    what = f"ask {start.name}, {tokens(found.prefix)} tokens"
    if not await agreed(conversation.agent.runtime, "main", what, found.usd_warm):
        raise Trouble("nothing was asked")
    child = conversation.agent.aside(question, start)
    return Done(
        f"⑂ {child.name} asks {start.name}, {_priced(found)}; /join {child.name} lets main read the answer",
        Action("aside", child.name),
    )


def _asked(conversation: Conversation, rest: str) -> tuple[Start, str]:
    """Whom a question is for: the epoch, anchor or node that it begins with, else main's newest past epoch."""
    tree = conversation.tree
    first, _, others = rest.partition(" ")
    if first == "epoch":
        number, _, others = others.strip().partition(" ")
        first = f"epoch {number}"
    found = find_epoch(tree, first)
    if found is None and _is_name(first):
        found = _found(conversation, first)
    if found is not None:
        return found, others.strip()
    past = [epoch for epoch in tree.branches["main"].past if epoch.tip is not None]
    if not past:
        raise Trouble("main has no earlier epoch to ask: /btw QUESTION asks it as it is, /ask NODE QUESTION a place")
    return of_epoch(tree, past[-1]), rest.strip()


def _is_name(word: str) -> bool:
    """Whether a word names a place, and is no word of a question."""
    return word.startswith("@") or (len(word) >= SHORTEST and all(letter in "0123456789abcdef" for letter in word))


def _found(conversation: Conversation, name: str) -> Start | None:
    """The place of that name; None for a word like `deed`, which is one of the question's own."""
    try:
        return find_start(conversation.tree, name)
    except NoStart:
        if name.startswith("@"):
            raise
        return None
