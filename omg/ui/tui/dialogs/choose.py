"""Choose one of many: a line to narrow them down, the list, and a look at what is highlighted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from omg.core.trouble import Trouble
from omg.ui.text import clean
from omg.ui.tui.dialogs.frame import Frame


@dataclass(frozen=True, slots=True)
class Row:
    """One thing to choose: its name, one line or two as they are shown, and what is shown beside it."""

    name: str
    shown: Content
    preview: str = ""


class Choose(Frame[str | None]):
    """Dismissed with the name of a row, or None. Subclasses say what `rows` there are for what was typed, and what a
    `preview` is; both may be slow: they are called in a thread."""

    DEFAULT_CSS = """
    Choose {
        & > .box { max-width: 120; height: 80%; }
        & .both { height: 1fr; margin-top: 1; }
        & OptionList { width: 1fr; height: 1fr; max-height: 100%; text-wrap: nowrap; text-overflow: ellipsis; }
        & .preview { width: 1fr; height: 1fr; border-left: solid $panel; padding: 0 1; display: none; }
        &.-preview .preview { display: block; }
        & .wrong { color: $failed; height: auto; display: none; }
        &.-wrong .wrong { display: block; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = []
    KEYS: ClassVar[str] = "type to narrow down · ↑↓ · ↵ choose · esc back"
    LOOKS: ClassVar[str] = "type to look for…"

    def __init__(self, typed: str = "") -> None:
        super().__init__()
        self._typed = typed
        self._rows: Sequence[Row] = ()
        self._looked_for: str | None = None
        self._looking: asyncio.Task[None] | None = None
        self._previewed = ""

    def rows(self, typed: str) -> Sequence[Row]:
        """What fits `typed`, the best first. Raises Trouble, in words, where it cannot be understood."""
        raise NotImplementedError

    def preview(self, row: Row) -> str:
        """What is shown of a highlighted row."""
        return row.preview

    def contents(self) -> ComposeResult:
        yield Input(self._typed, placeholder=self.LOOKS, select_on_focus=False, compact=True)
        yield Static("", classes="wrong", markup=False)
        with Horizontal(classes="both"):
            yield OptionList(markup=False)
            with VerticalScroll(classes="preview", can_focus=False):
                yield Static("", markup=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._look(self._typed)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._look(event.value)

    def _look(self, typed: str) -> None:
        self._looked_for = typed
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._find())

    async def _find(self) -> None:
        """Look until what is shown is for what is typed now."""
        shown: str | None = None
        while self.is_attached and shown != self._looked_for:
            shown = self._looked_for
            try:
                rows, wrong = await asyncio.to_thread(self.rows, shown or ""), ""
            except Trouble as error:
                rows, wrong = self._rows, str(error)
            if self.is_attached:
                self._show(rows, wrong)

    def _show(self, rows: Sequence[Row], wrong: str) -> None:
        self._rows = rows
        self.set_class(bool(wrong), "-wrong")
        self.query_one(".wrong", Static).update(wrong)
        options = self.query_one(OptionList)
        options.set_options(Option(row.shown, id=None) for row in rows)
        options.highlighted = 0 if rows else None
        if not rows:
            self._show_preview("nothing fits")

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._start_preview(self._rows[event.option_index])

    def _start_preview(self, row: Row) -> None:
        self._previewed = row.name
        self._preview_task = asyncio.create_task(self._look_at(row))

    async def _look_at(self, row: Row) -> None:
        try:
            text = await asyncio.to_thread(self.preview, row)
        except Trouble as error:
            text = str(error)
        if self.is_attached and self._previewed == row.name:
            self._show_preview(text)

    def _show_preview(self, text: str) -> None:
        self.set_class(bool(text), "-preview")
        self.query_one(".preview Static", Static).update(Content(clean(text)))

    def on_key(self, event: events.Key) -> None:
        """The list is moved from the line above it."""
        options = self.query_one(OptionList)
        moves = {
            "up": options.action_cursor_up,
            "down": options.action_cursor_down,
            "ctrl+p": options.action_cursor_up,
            "ctrl+n": options.action_cursor_down,
            "pageup": options.action_page_up,
            "pagedown": options.action_page_down,
        }
        if event.key in moves and self.focused is not options:
            moves[event.key]()
            event.stop()
            event.prevent_default()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self._choose()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._choose()

    def _choose(self) -> None:
        at = self.query_one(OptionList).highlighted
        if at is not None and at < len(self._rows):
            self.chosen(self._rows[at])

    def chosen(self, row: Row) -> None:
        """A row was chosen."""
        self.dismiss(row.name)
