"""Commands about saved sessions: find, go on with, name, throw away, export."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from omg.core.trouble import Trouble
from omg.session.command import Action, Done
from omg.session.conversation import Conversation
from omg.session.naming import new_title
from omg.session.picker import Row
from omg.session.store import Store
from omg.session.trash import Trash
from omg.session.written import export_open

_SHOWN = 20
"""Sessions that are listed at once."""
_PATIENCE = 5.0
"""Seconds that a command waits for the index; what is there is searched then."""


async def sessions(conversation: Conversation, rest: str) -> Done:
    """`/sessions [WORDS]`"""
    return Done(await asyncio.to_thread(_listed, conversation, rest))


async def resume(conversation: Conversation, rest: str) -> Done:
    """`/resume [N|SESSION|WORDS]`: with nothing, or words of several sessions, there is a list to choose from."""
    if not rest:
        return Done(action=Action("resume"))
    return await asyncio.to_thread(_chosen, conversation, rest)


async def rename(conversation: Conversation, rest: str) -> Done:
    """`/rename TITLE`"""
    record = new_title(rest)
    conversation.agent.runtime.record(record)
    return Done(f"this session is called: {record.title}")


async def delete(conversation: Conversation, rest: str) -> Done:
    """`/delete N|SESSION`"""
    if not rest:
        raise Trouble(
            f"say which: /delete N|SESSION; this one once you have left it: `omg sessions delete {conversation.id}`"
        )
    return await asyncio.to_thread(_deleted, conversation, rest)


async def export(conversation: Conversation, rest: str) -> Done:
    """`/export [FILE]`"""
    target = conversation.config.folder / (Path(rest).expanduser() if rest else f"omg-{conversation.id}.md")
    await asyncio.to_thread(export_open, conversation, target)
    return Done(f"written to {target}")


def _listed(conversation: Conversation, text: str) -> str:
    picker = conversation.picker
    conversation.library.settle(_PATIENCE)
    picker.search(text)
    told = conversation.library.told()
    if conversation.library.reading:
        told.append("the index of sessions is still being made: there may be more")
    nothing = "no session matches" if text.strip() else "no other sessions yet"
    return "\n".join([*told, rows_text(picker.rows[:_SHOWN]) or nothing, *_more(len(picker.rows))])


def _more(found: int) -> list[str]:
    return [f"… and {found - _SHOWN} more: say more words"] if found > _SHOWN else []


def rows_text(rows: Sequence[Row]) -> str:
    """Rows as plain text: the title with its number and id, and below it where and when, and the words found."""
    lines: list[str] = []
    for row in rows:
        lines += [f"{row.number:3}  {row.title}", f"     {row.id} · {row.about}"]
        lines += [f"     {row.hit}"] if row.hit else []
    return "\n".join(lines)


def _chosen(conversation: Conversation, rest: str) -> Done:
    picker = conversation.picker
    conversation.library.settle(_PATIENCE)
    try:
        return Done(action=Action("resume", _id(conversation, rest)))
    except Trouble as error:
        if not picker.rows:
            raise
        return Done(f"{rows_text(picker.rows[:_SHOWN])}\n{error}")


def _id(conversation: Conversation, name: str) -> str:
    """The session that a number of the list, an id, or words mean. Raises Trouble."""
    try:
        return _row(conversation, name) or Store(conversation.config.home).find(name, conversation.config.folder).stem
    except Trouble:
        return conversation.picker.choose(name)


def _row(conversation: Conversation, name: str) -> str | None:
    """The session with that number in the list that was shown last."""
    rows = conversation.picker.rows
    return rows[int(name) - 1].id if name.isdecimal() and 0 < int(name) <= len(rows) else None


def _deleted(conversation: Conversation, name: str) -> Done:
    id = _row(conversation, name) or Store(conversation.config.home).find(name, conversation.config.folder).stem
    if id == conversation.id:
        raise Trouble(f"this session is open: leave it, then `omg sessions delete {id}`")
    summary = conversation.library.summary(id)
    if summary is None:
        raise Trouble(f"session {id} cannot be read")
    Trash(Store(conversation.config.home)).delete(summary, time.time())
    return Done(f"{summary.title or id} is in the trash: `omg sessions restore {id}` brings it back")
