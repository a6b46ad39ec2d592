"""What a slash command is, and what it comes to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from omg.core.spoken import Attachment
from omg.session.columns import Fit
from omg.session.conversation import Conversation

ActionKind = Literal["watch", "aside", "resume", "quit", "say", "join", "trust", "open", "edit", "past"]


@dataclass(frozen=True, slots=True)
class Action:
    """What a front end has to do itself: `watch` a fork, let the answer to an `aside` be seen, `resume` a session (or,
    empty, choose one), `quit`, start a turn with words (`say`) or over pending reports (`join` of one, or empty: of
    all), `trust` this folder, `open` a tool call's card (by number; empty: the newest), put words into the prompt to
    `edit`, or show main's `past`, which is another one now."""

    kind: ActionKind
    subject: str = ""
    attachments: tuple[Attachment, ...] = ()
    """What comes back into the prompt with the words."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a command came to: text to show, and what is left to do. Where the text can be had for a narrow screen,
    `fit` makes it."""

    text: str = ""
    action: Action | None = None
    fit: Fit | None = None


Run = Callable[[Conversation, str], Awaitable[Done]]


@dataclass(frozen=True, slots=True)
class Command:
    """One command: `/name usage`. Without `run` it is not there yet."""

    name: str
    usage: str
    help: str
    run: Run | None = None
