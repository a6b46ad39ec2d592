"""What the parts of the screen agree on: how they are fed, and what they may ask of the app.

A part is a widget that lives by itself: it is told of a conversation and of its events, and speaks up by messages. It
changes nothing of a session itself. The app alone routes: words to `Turns`, slash commands to `session.commands`,
questions to dialogs. Colours that mean something are the theme's variables `$warm $cold $running $failed`, which
`omg.ui.tui.look.dress(app)` gives any app, a part's own test included.

What each part says and is told, beside `adopt` and `heard`:

- `prompt.Prompt`: its messages and methods are its own (`Submitted`, `Interrupted`, `Left`, …; `give_back`).
- `panes.ForksPane` says `Chosen(branch)`, "main" to come back; `changed()` tells it that others wait for an answer.
- `panes.CachePane`, and `panes.StatusLine` (the one line of a narrow screen), say nothing.
- `transcript.Transcript` is told `follow(branch)`.
- `dialogs.*` are `ModalScreen`s, dismissed with what was chosen, or None.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from textual.message import Message

if TYPE_CHECKING:
    from omg.core.events import Event
    from omg.session.conversation import Conversation


class Part(Protocol):
    """A widget that shows something of a conversation."""

    def adopt(self, conversation: Conversation) -> None:
        """Show this conversation from now on. Called once the session is open, and again after /resume; a part is on
        the screen, and may be used, before that."""
        ...

    def heard(self, event: Event) -> None:
        """Take one event in. Called for every event of every branch, in order, from the event loop: it must be quick,
        and gathers what it redraws (`self.refresh()`, `call_after_refresh`), for events come by the thousand."""
        ...


class Ordered(Message):
    """Run this as if it had been typed: `/stop a`, `/fork --budget 1 x | y`, or words."""

    def __init__(self, line: str) -> None:
        super().__init__()
        self.line = line


class Drafted(Message):
    """Put this into the prompt, where the person goes on with it: `/steer a `."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class Noted(Message):
    """Tell the person this, in one line; `failed` in the colour of what went wrong."""

    def __init__(self, text: str, failed: bool = False) -> None:
        super().__init__()
        self.text, self.failed = text, failed
