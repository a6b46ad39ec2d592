"""What waits above the prompt: words for the running tools and for the next turns. They can be changed, one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from textual.content import Content
from textual.events import Key
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from omg.core.spoken import Spoken
from omg.ui.text import one_line

if TYPE_CHECKING:
    from omg.session.turns import Turns

What = Literal["edit", "remove", "up", "down", "now", "leave"]
_KEYS: dict[str, What] = {
    "enter": "edit",
    "e": "edit",
    "delete": "remove",
    "backspace": "remove",
    "x": "remove",
    "shift+up": "up",
    "K": "up",
    "shift+down": "down",
    "J": "down",
    "ctrl+enter": "now",
    "alt+s": "now",
    "s": "now",
    "escape": "leave",
}
HELP = "↵ edit · x remove · ⇧↑ ⇧↓ move · s send now · esc back"


class Waiting(OptionList):
    """One row for each thing that waits, in the order it will go out. Hidden while nothing does."""

    DEFAULT_CSS = """
    Waiting {
        display: none;
        height: auto;
        max-height: 6;
        border: none;
        padding: 0 1;
        background: transparent;
        color: $warm;
        text-wrap: nowrap;
        text-overflow: ellipsis;
        &.-any { display: block; }
    }
    """

    @dataclass
    class Wanted(Message):
        """Do this with what waits there."""

        what: What
        said: Spoken

    def __init__(self) -> None:
        super().__init__()
        self._rows: Sequence[Spoken] = ()

    def follow(self, turns: Turns | None, early: Sequence[Spoken] = ()) -> None:
        """Show what waits now."""
        steers = list(turns.steers) if turns is not None and turns.conversation.busy else []
        queued = list(turns.queued) if turns is not None else []
        rows = [*steers, *queued, *early]
        chosen = self.said
        labels = [*["⇢ after the tools: "] * len(steers), *["⋯ next: "] * len(queued), *["⋯ then: "] * len(early)]
        self._rows = rows
        self.set_options(Option(_drawn(label, said)) for label, said in zip(labels, rows, strict=True))
        self.set_class(bool(rows), "-any")
        if rows:
            place = next((place for place, said in enumerate(rows) if said is chosen), len(rows) - 1)
            self.highlighted = place if self.has_focus else None
        elif self.has_focus:
            self.post_message(self.Wanted("leave", Spoken("")))

    @property
    def said(self) -> Spoken | None:
        """What the highlight is on."""
        there = self.highlighted is not None and self.highlighted < len(self._rows)
        return self._rows[self.highlighted or 0] if there else None

    def enter(self) -> bool:
        """Go to the newest of what waits; whether anything does."""
        if self._rows:
            self.focus()
            self.highlighted = len(self._rows) - 1
        return bool(self._rows)

    def on_focus(self) -> None:
        if self.highlighted is None and self._rows:
            self.highlighted = len(self._rows) - 1

    def on_blur(self) -> None:
        self.highlighted = None

    async def _on_key(self, event: Key) -> None:
        what = _KEYS.get(event.key) or _KEYS.get(event.character or "")
        if event.key == "down" and self.highlighted == len(self._rows) - 1:
            what = "leave"
        if what is None:
            return
        event.stop()
        event.prevent_default()
        self._want(what)

    def _want(self, what: What) -> None:
        said = self.said
        if what == "leave":
            self.post_message(self.Wanted(what, Spoken("")))
        elif said is not None:
            self.post_message(self.Wanted(what, said))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._want("edit")


def _drawn(label: str, said: Spoken) -> Content:
    chips = "".join(f" [{attachment.label}]" for attachment in said.attachments)
    return Content(label + one_line(said.words + chips))
