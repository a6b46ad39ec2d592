"""What is attached to the words being typed: a row of chips that can be looked into, edited and taken off."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Key
from textual.message import Message
from textual.widgets import Static

from omg.core.images import tokens as image_tokens
from omg.core.spoken import Attachment, Image
from omg.ui.text import one_line


class Chip(Static, can_focus=True):
    """One attachment. Enter or a click opens it, x or Backspace takes it off."""

    DEFAULT_CSS = """
    Chip {
        width: auto;
        height: 1;
        margin: 0 1 0 0;
        padding: 0 1;
        background: $panel;
        color: $text;
        &:focus { background: $accent; color: $background; text-style: bold; }
        &:hover { text-style: underline; }
    }
    """

    @dataclass
    class Wanted(Message):
        """`open` it, or take it off."""

        attachment: Attachment
        open: bool

    class Left(Message):
        """The keys go back to the editor."""

    def __init__(self, attachment: Attachment) -> None:
        super().__init__(f"[{one_line(about(attachment))}]", markup=False)
        self.attachment = attachment

    def on_click(self) -> None:
        self.post_message(self.Wanted(self.attachment, open=True))

    def on_key(self, event: Key) -> None:
        match event.key:
            case "enter" | "space":
                self.post_message(self.Wanted(self.attachment, open=True))
            case "x" | "backspace" | "delete":
                self.post_message(self.Wanted(self.attachment, open=False))
            case "left" | "right":
                beside = self.screen.focus_previous if event.key == "left" else self.screen.focus_next
                beside(Chip)
            case "escape" | "down" | "up":
                self.post_message(self.Left())
            case _:
                return
        event.stop()


class Chips(Horizontal):
    """The row of them; hidden while there are none."""

    DEFAULT_CSS = """
    Chips { display: none; height: auto; padding: 0 2; &.-any { display: block; layout: horizontal; } }
    """

    def __init__(self) -> None:
        super().__init__()
        self.attachments: list[Attachment] = []

    def compose(self) -> ComposeResult:
        yield from (Chip(attachment) for attachment in self.attachments)

    def put(self, attachments: list[Attachment]) -> None:
        """Show these from now on."""
        self.attachments = attachments
        self.set_class(bool(attachments), "-any")
        if self.is_mounted:
            self.refresh(recompose=True)

    def enter(self) -> bool:
        """Go to the last chip; whether there is one."""
        chips = list(self.query(Chip))
        if chips:
            chips[-1].focus()
        return bool(chips)


def about(attachment: Attachment) -> str:
    """A chip's words: what it is, and for an image roughly how many tokens."""
    if isinstance(attachment, Image):
        return f"{attachment.label} ~{image_tokens(attachment.width, attachment.height)} tokens"
    return attachment.label
