"""The prompt: what stands at the foot of the screen, and the messages by which it speaks up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import TextArea

from omg.core.events import Event
from omg.core.spoken import Attachment, Spoken
from omg.session.conversation import Conversation
from omg.session.turns import Turns

How = Literal["say", "steer", "queue"]
"""say: now, or (when main is at work) as its next turn. steer: into the turn under way. queue: as the next turn."""


class Prompt(Vertical):
    """The editor and all that belongs to it. Speaks up by messages; does nothing to the conversation itself, but for
    the words that wait in `turns`, which can be edited here."""

    @dataclass
    class Submitted(Message):
        """Something was entered: words, `/command` or `!shell`, as it was typed. It is in the history already."""

        text: str
        attachments: tuple[Attachment, ...] = ()
        how: How = "say"

        @property
        def spoken(self) -> Spoken:
            return Spoken(self.text, self.attachments)

    class Interrupted(Message):
        """Esc, where there is nothing here left to close: stop what is under way."""

    class Rewound(Message):
        """Esc twice on an empty prompt while nothing works: go back to before a message."""

    class Left(Message):
        """Ctrl+C or Ctrl+D twice on an empty prompt: leave."""

    class ModeCycled(Message):
        """Shift+Tab: the next mode."""

    class AnswerWanted(Message):
        """The bar of a question that waits was chosen (Ctrl+A, or a click): show the question."""

    def compose(self) -> ComposeResult:
        yield TextArea()

    def adopt(self, conversation: Conversation, turns: Turns | None = None) -> None:
        """Go on with `conversation`; `turns` holds the words that wait. Call `waiting_changed` when they change."""

    def heard(self, event: Event) -> None:
        """An event of the conversation."""

    def waiting_changed(self) -> None:
        """The words that wait, or the questions, are not the same any more."""

    def give_back(self, spoken: Spoken) -> None:
        """Put what was said back into the editor, before what is there."""

    @property
    def typing(self) -> bool:
        """Whether there is anything in the editor or attached to it."""
        return False
