"""The list of completions above the editor: what fits is found in a thread, and never holds a key up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from omg.ui.text import one_line

if TYPE_CHECKING:
    from omg.session.completing import Choice, Choices

_ROWS = 8


class Menu(OptionList, can_focus=False):
    """Follows what is typed. The keys stay with the editor, which moves the highlight and takes a row."""

    DEFAULT_CSS = """
    Menu {
        display: none;
        height: auto;
        max-height: 8;
        border: none;
        padding: 0 1;
        background: $panel;
        text-wrap: nowrap;
        text-overflow: ellipsis;
        &.-open { display: block; }
    }
    """

    class Taken(Message):
        """A row was clicked."""

    def __init__(self) -> None:
        super().__init__()
        self.complete: Callable[[str], Choices | None] | None = None
        """What can complete a text. It may be slow: it is called in a thread."""
        self.choices: Choices | None = None
        self._wanted: str | None = None
        self._found: str | None = None
        """What `choices` are for: for a moment the text is ahead of them."""
        self._looking: asyncio.Task[None] | None = None
        self._closed_at: str | None = None
        """The text for which the person has closed the list: it stays closed until they type on."""

    @property
    def open(self) -> bool:
        return self.has_class("-open")

    @property
    def choice(self) -> Choice | None:
        """The highlighted row; None too while what is shown is for another text."""
        if not self.open or self.choices is None or self.highlighted is None or self._found != self._wanted:
            return None
        return self.choices.rows[self.highlighted]

    def follow(self, before: str) -> None:
        """Complete the text before the cursor, as soon as that can be done."""
        wanted = before if before != self._closed_at and _completes(before) else None
        self._closed_at = None if before != self._closed_at else self._closed_at
        if wanted == self._wanted:
            return
        self._wanted = wanted
        if wanted is None:
            self.hide()
        elif self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())

    def catch_up(self) -> None:
        """Show what fits the text as it is now, where that takes no time: commands."""
        wanted = self._wanted
        if wanted != self._found and wanted and wanted.startswith("/") and " " not in wanted and self.complete:
            self._show(self.complete(wanted))

    async def _look(self) -> None:
        """Look until what was found is for what is wanted now."""
        while (wanted := self._wanted) is not None and self.complete is not None:
            found = await asyncio.to_thread(self.complete, wanted)
            if wanted == self._wanted:
                return self._show(found)
        return None

    def _show(self, found: Choices | None) -> None:
        self.choices, self._found = found, self._wanted
        if found is None or not found.rows:
            return self.hide(keep=True)
        widest = min(max(cell_len(one_line(row.label)) for row in found.rows), 40)
        self.set_options(Option(_drawn(row, widest)) for row in found.rows)
        self.add_class("-open")
        self.highlighted = 0
        return None

    def hide(self, *, keep: bool = False) -> None:
        """Close the list; `keep`: it opens again as soon as something fits."""
        if not keep:
            self._wanted = None
        self.choices = None
        self.remove_class("-open")

    def dismiss_for(self, before: str) -> None:
        """The person closes the list: it stays closed until they type on."""
        self.hide()
        self._closed_at = before

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.highlighted = event.option_index
        self.post_message(self.Taken())


def _completes(before: str) -> bool:
    """Whether to complete while typing: commands and files, and nothing else."""
    return (before.startswith("/") and "\n" not in before) or "@" in before.rpartition(" ")[2].rpartition("\n")[2]


def _drawn(row: Choice, widest: int) -> Content:
    label, about = one_line(row.label), one_line(row.about)
    gap = " " * max(widest - cell_len(label), 0)
    return Content.assemble(label, gap, "  ", (about, "dim")) if about else Content(label)
