"""A look into an attachment: text can be edited, an image is described; both can be taken off."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Button, Static, TextArea

from omg.core.images import tokens
from omg.core.spoken import Attachment, Image, Pasted
from omg.ui.tui.dialogs.frame import Frame


class LookInto(Frame[Attachment | None]):
    """Dismissed with the attachment as it is to be; None: take it off."""

    DEFAULT_CSS = """
    LookInto TextArea { height: 1fr; border: none; background: transparent; }
    LookInto .box { height: 80%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "done", "keep", priority=True),
        Binding("ctrl+d", "remove", "take it off", priority=True),
    ]
    HEADING = "attached"
    KEYS = "esc keeps it as it is here · ctrl+d takes it off"

    def __init__(self, attachment: Attachment) -> None:
        super().__init__()
        self._attachment = attachment

    def contents(self) -> ComposeResult:
        if isinstance(self._attachment, Pasted):
            yield TextArea(self._attachment.text, soft_wrap=True, compact=True, show_line_numbers=True)
        else:
            yield Static(_described(self._attachment), markup=False)

    def buttons(self) -> ComposeResult:
        yield Button("keep", id="done", compact=True)
        yield Button("take it off", id="remove", compact=True)

    def action_done(self) -> None:
        """Keep it, as it was edited; without any text it is taken off."""
        if isinstance(self._attachment, Image):
            self.dismiss(self._attachment)
            return
        text = self.query_one(TextArea).text
        changed = Pasted(text) if text.strip() else None
        self.dismiss(self._attachment if text == self._attachment.text else changed)

    def action_remove(self) -> None:
        self.dismiss(None)


def _described(image: Image) -> str:
    size = len(image.data)
    amount = f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"
    about = f"about {tokens(image.width, image.height)} tokens"
    return f"{image.name}\n{image.type} · {image.width}×{image.height} pixels · {amount} · {about}"
