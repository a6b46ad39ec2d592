"""The keys of the prompt."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from prompt_toolkit.filters import Condition, has_completions, is_searching
from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.keys import Keys

if TYPE_CHECKING:
    from omg.ui.repl.app import App

_CONTROL_ENTER, _SHIFT_ENTER = Keys.F24, Keys.F23
"""Keys that no keyboard here has, for what only some terminals can tell from Enter."""
ANSI_SEQUENCES.update(
    {
        "\x1b[13;5u": _CONTROL_ENTER,
        "\x1b[27;5;13~": _CONTROL_ENTER,
        "\x1b[13;2u": _SHIFT_ENTER,
        "\x1b[27;2;13~": _SHIFT_ENTER,
    }
)
_TWICE = 2.0
"""Seconds in which a second Ctrl+C or Ctrl+D leaves, and a second Esc goes back."""


def bindings(app: App) -> KeyBindings:
    """The keys of the prompt, and those that work everywhere."""
    keys = KeyBindings()
    _add_entering(keys, app)
    _add_stopping(keys, app)
    _add_moving(keys, app)
    return keys


def _add_entering(keys: KeyBindings, app: App) -> None:
    editing = Condition(lambda: app.editing) & ~is_searching

    @keys.add("enter", filter=editing)
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        chosen = buffer.complete_state and buffer.complete_state.current_completion
        if chosen:
            buffer.complete_state = None
        elif buffer.document.char_before_cursor == "\\" and buffer.document.is_cursor_at_the_end_of_line:
            buffer.delete_before_cursor(1)
            buffer.newline(copy_margin=False)
        else:
            app.enter()

    @keys.add("escape", "enter", filter=editing)
    @keys.add(_SHIFT_ENTER, filter=editing)
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.newline(copy_margin=False)

    @keys.add(_CONTROL_ENTER, filter=editing)
    @keys.add("escape", "s", filter=editing)
    def _(event: KeyPressEvent) -> None:
        app.enter(steer=True)


def _add_stopping(keys: KeyBindings, app: App) -> None:
    last = {"c-c": 0.0, "c-d": 0.0, "escape": 0.0}

    def again(key: str) -> bool:
        """Whether `key` was pressed a moment ago as well."""
        now = time.monotonic()
        twice, last[key] = now - last[key] < _TWICE, now
        return twice

    @keys.add("escape", filter=~is_searching)
    def _(event: KeyPressEvent) -> None:
        if app.dialog.focused:
            app.dialog.escape()
        elif app.editor.complete_state:
            app.editor.cancel_completion()
        elif app.talk.interrupt() or app.editor.text:
            last["escape"] = 0.0
        elif again("escape"):
            last["escape"] = 0.0
            app.rewind()

    @keys.add("c-c", filter=~is_searching)
    @keys.add("<sigint>")
    def _(event: KeyPressEvent) -> None:
        if app.dialog.focused:
            app.dialog.escape()
        elif app.editor.text:
            app.editor.reset()
        elif app.talk.interrupt():
            last["c-c"] = 0.0
        elif again("c-c"):
            app.leave()
        else:
            app.hint("ctrl+c once more leaves")

    @keys.add("c-d", filter=Condition(lambda: app.editing and not app.editor.text))
    def _(event: KeyPressEvent) -> None:
        if not app.talk.working or again("c-d"):
            app.leave()
        else:
            app.hint("something is at work: ctrl+d once more stops it and leaves")

    @keys.add("c-z")
    def _(event: KeyPressEvent) -> None:
        event.app.suspend_to_background()


def _add_moving(keys: KeyBindings, app: App) -> None:
    editing = Condition(lambda: app.editing) & ~is_searching

    @keys.add("up", filter=editing & Condition(lambda: not app.editor.text and app.words_wait))
    def _(event: KeyPressEvent) -> None:
        app.take_back()

    pending = Condition(lambda: app.dialog.pending)

    @keys.add("tab", filter=editing & ~has_completions & pending)
    def _(event: KeyPressEvent) -> None:
        app.dialog.focus()

    @keys.add("tab", filter=editing & ~has_completions & ~pending & Condition(lambda: not app.editor.text))
    def _(event: KeyPressEvent) -> None:
        """Nothing to complete."""

    @keys.add("s-tab", filter=editing & ~has_completions)
    def _(event: KeyPressEvent) -> None:
        app.next_mode()

    @keys.add("c-o")
    def _(event: KeyPressEvent) -> None:
        app.talk.open_card(None)
