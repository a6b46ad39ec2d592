"""What a command leaves to the REPL itself: watch, resume, quit, join, trust, open, edit, past."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from omg.core.spoken import Spoken
from omg.session.commands import Action, run_command
from omg.ui.repl import shows

if TYPE_CHECKING:
    from omg.ui.repl.talk import Open, Talk


async def act(talk: Talk, open: Open, action: Action) -> None:
    """Do what is left to do of a command. Raises Trouble."""
    match action.kind:
        case "watch" | "aside":
            _watch(talk, open, action.subject)
        case "resume":
            await _resume(talk, open, action.subject)
        case "quit":
            talk.leave()
        case "say":
            open.turns.say(action.subject)
        case "join":
            open.turns.join(action.subject or None)
        case "trust":
            talk.screen.trust()
        case "open":
            talk.open_card(int(action.subject) if action.subject else None)
        case "edit":
            talk.put_back(Spoken(action.subject, action.attachments))
        case "past":
            shows.past(talk.page, open.conversation, open.conversation.tree.branches["main"])


def _watch(talk: Talk, open: Open, name: str) -> None:
    """What a fork has said so far; and from now on, while it works."""
    branch = open.conversation.tree.branches[name]
    shows.past(talk.page, open.conversation, branch, f"{name} │ ")
    if branch.status == "running":
        open.feed.watch(name)
        talk.page.note(f"(watching {name}; esc ends it)")


async def _resume(talk: Talk, open: Open, name: str) -> None:
    """Go on with another session; this one is closed when that one is open."""
    if not name:
        done = await run_command(open.conversation, "/sessions")
        talk.page.line(f"{done.text}\nsay which: /resume N, or /resume WORDS")
        return
    conversation = await asyncio.to_thread(talk.screen.open, talk.questions, name)
    await talk.put_away(open)
    await talk.adopt(conversation)
