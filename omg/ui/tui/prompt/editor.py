"""The editor of the prompt: several lines, growing as they come. What a key means beyond editing, its desk decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import TextArea
from textual.widgets.text_area import Location, Selection

from omg.ui.tui.prompt.keys import NEW_LINE

if TYPE_CHECKING:
    from omg.ui.tui.prompt.vim import Vim


class Desk(Protocol):
    """Who is asked what a key means. Called in the order of the keys, before the next one is looked at."""

    def key(self, event: events.Key) -> bool:
        """Whether the key was taken: it edits nothing then."""
        ...

    def pasted(self, text: str) -> bool:
        """Whether a paste was taken."""
        ...

    def changed(self) -> None:
        """The text or the cursor is not where it was."""
        ...


class Editor(TextArea):
    """Plain text, soft-wrapped. Enter is its desk's; Alt+Enter, Shift+Enter and a trailing backslash make new lines."""

    DEFAULT_CSS = """
    Editor {
        height: auto;
        max-height: 33vh;
        min-height: 1;
        border: none;
        padding: 0;
        background: transparent;
        &:focus { border: none; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "app.suspend_process", show=False),  # as everywhere in a terminal: it does not undo
        Binding("ctrl+underscore,ctrl+slash,ctrl+minus", "undo", "undo", show=False),
        Binding("alt+underscore,alt+slash,ctrl+y", "redo", "redo", show=False),
        Binding("alt+b,alt+left", "cursor_word_left", show=False),
        Binding("alt+f,alt+right", "cursor_word_right", show=False),
        Binding("alt+d", "delete_word_right", show=False),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(
            soft_wrap=True, compact=True, highlight_cursor_line=False, show_line_numbers=False, max_checkpoints=200
        )
        self._desk = desk
        self.vim: Vim | None = None

    async def _on_key(self, event: events.Key) -> None:
        taken = self._desk.key(event) or self._new_line(event)
        if taken or (self.vim is not None and self.vim.key(self, event)) or event.key == "enter":
            event.stop()
            event.prevent_default()  # else the text area takes it next

    def _new_line(self, event: events.Key) -> bool:
        if event.key not in NEW_LINE:
            return False
        self.insert("\n")
        return True

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        text = event.text.replace("\r\n", "\n").replace("\r", "\n")
        if not self._desk.pasted(text):
            self.put(text)

    def _watch_selection(self, previous_selection: object, selection: object) -> None:
        super()._watch_selection(previous_selection, selection)  # type: ignore[arg-type]
        if self.is_mounted:
            self._desk.changed()

    def put(self, text: str) -> None:
        """Insert `text` at the cursor, in place of what is selected, as one step to undo."""
        self.history.checkpoint()
        self.replace(text, *self.selection, maintain_selection_offset=False)
        self.history.checkpoint()

    def set_text(self, text: str, cursor: Location | None = None) -> None:
        """Replace everything, as one step to undo; the cursor goes to the end, or to `cursor`."""
        self.history.checkpoint()
        self.replace(text, (0, 0), self.document.end, maintain_selection_offset=False)
        self.history.checkpoint()
        self.move_cursor(self.document.end if cursor is None else cursor)

    def empty(self) -> None:
        """Nothing in it, and nothing to undo."""
        self.load_text("")

    @property
    def before(self) -> str:
        """The text before the cursor."""
        return self.get_text_range((0, 0), self.cursor_location)

    def swap(self, typed: int, text: str) -> None:
        """Put `text` in the place of the last `typed` characters before the cursor, all on its line."""
        row, column = self.cursor_location
        self.history.checkpoint()
        self.replace(text, (row, max(0, column - typed)), (row, column), maintain_selection_offset=False)
        self.history.checkpoint()

    def ends_with_backslash(self) -> bool:
        """Whether the cursor stands at the end of a line, behind a backslash."""
        row, column = self.cursor_location
        line = self.document.get_line(row)
        return column == len(line) and line.endswith("\\")

    def continue_line(self) -> None:
        """Make the backslash before the cursor a new line."""
        self.swap(1, "\n")

    def cursor_at(self) -> int:
        """Where the cursor is, in characters from the beginning."""
        return len(self.before)

    def go_to(self, at: int, mark: int | None = None) -> None:
        """Put the cursor there; with `mark`, select what lies between."""
        end = self._location(at)
        self.selection = Selection(end if mark is None else self._location(mark), end)

    def splice(self, start: int, end: int, text: str) -> None:
        """Put `text` in the place of what lies between two offsets, as one step to undo; the cursor goes behind it."""
        self.history.checkpoint()
        self.replace(text, self._location(start), self._location(end), maintain_selection_offset=False)
        self.history.checkpoint()

    def _location(self, at: int) -> Location:
        before = self.text[:at]
        return before.count("\n"), len(before) - before.rfind("\n") - 1

    @property
    def at_top(self) -> bool:
        return self.navigator.is_first_wrapped_line(self.cursor_location)

    @property
    def at_bottom(self) -> bool:
        return self.navigator.is_last_wrapped_line(self.cursor_location)
