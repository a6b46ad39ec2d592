"""What the keys of the prompt mean beside editing: send, complete, go back, stop, leave."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from textual.events import Key

from omg.ui.tui.prompt.keys import STEER

if TYPE_CHECKING:
    from omg.ui.tui.prompt.prompt import Prompt

_TWICE = 2.0
"""Seconds in which a second Ctrl+C or Ctrl+D leaves, and a second Esc goes back."""


class Meanings:
    """The prompt's `Desk`: decides for each key of the editor."""

    def __init__(self, prompt: Prompt) -> None:
        self._prompt = prompt
        self._last: dict[str, float] = {}
        self._shown = ""
        """What recalling put into the editor: typed on, it is a draft of its own."""

    def key(self, event: Key) -> bool:
        """Whether the key was taken."""
        if self._prompt.menu.open and self._in_menu(event):
            return True
        return self._entering(event.key) or self._stopping(event.key) or self._moving(event.key)

    def _in_menu(self, event: Key) -> bool:
        prompt = self._prompt
        match event.key:
            case "up" | "ctrl+p":
                prompt.menu.action_cursor_up()
            case "down" | "ctrl+n":
                prompt.menu.action_cursor_down()
            case "tab":
                prompt.take_choice()
            case "enter":
                return self._enter_in_menu()
            case "escape":
                prompt.menu.dismiss_for(prompt.editor.before)
            case _:
                return False
        return True

    def _enter_in_menu(self) -> bool:
        """Enter takes what is highlighted; a command that takes nothing is run at once."""
        prompt = self._prompt
        prompt.menu.catch_up()
        choices, choice = prompt.menu.choices, prompt.menu.choice
        if choices is None or choice is None:
            return False
        if choices.kind == "argument" and not choices.typed and prompt.menu.highlighted == 0:
            return False  # nothing was typed of it, and nothing chosen
        if not prompt.take_choice():
            return False
        if choices.kind == "command" and not prompt.editor.text.endswith(" "):
            prompt.enter("say")
        return True

    def _entering(self, key: str) -> bool:
        prompt = self._prompt
        if key == "enter":
            if prompt.editor.ends_with_backslash():
                prompt.editor.continue_line()
            else:
                self._stop_recalling()
                prompt.enter("say")
        elif key in STEER:
            self._stop_recalling()
            prompt.enter("steer")
        else:
            return False
        return True

    def _stopping(self, key: str) -> bool:
        prompt = self._prompt
        match key:
            case "escape":
                return self._escape()
            case "ctrl+c" if prompt.editor.selected_text:
                return False  # copies
            case "ctrl+c" if prompt.typing:
                self._clear()
            case "ctrl+c" if self._busy:
                prompt.post_message(prompt.Interrupted())
            case "ctrl+c":
                self._leave_if_again(key, "ctrl+c once more leaves")
            case "ctrl+d" if not prompt.typing:
                if self._busy:
                    self._leave_if_again(key, "something is at work: ctrl+d once more stops it and leaves")
                else:
                    prompt.post_message(prompt.Left())
            case _:
                return False
        return True

    def _clear(self) -> None:
        self._stop_recalling()
        self._prompt.editor.set_text("")
        for attachment in list(self._prompt.attachments):
            self._prompt.detach(attachment)

    @property
    def _busy(self) -> bool:
        turns = self._prompt.turns
        return turns is not None and (turns.busy or bool(turns.conversation.agent.running()))

    def _again(self, key: str) -> bool:
        now = time.monotonic()
        twice, self._last[key] = now - self._last.get(key, -_TWICE) < _TWICE, now
        return twice

    def forget(self, key: str) -> None:
        """This key has done something: the next one is no second."""
        self._last.pop(key, None)

    def _leave_if_again(self, key: str, hint: str) -> None:
        if self._again(key):
            self._prompt.post_message(self._prompt.Left())
        else:
            self._prompt.note(hint)

    def _escape(self) -> bool:
        prompt = self._prompt
        vim = prompt.editor.vim
        if vim is not None and vim.key(prompt.editor, Key("escape", None)):
            return True
        if not prompt.typing and not self._busy and self._again("escape"):
            prompt.post_message(prompt.Rewound())
        else:
            prompt.post_message(prompt.Interrupted())
        return True

    def _moving(self, key: str) -> bool:
        prompt, editor = self._prompt, self._prompt.editor
        normal = editor.vim is not None and editor.vim.mode != "insert"
        match key:
            case "up" if editor.at_top and not normal:
                self._older()
            case "down" if editor.at_bottom and not normal:
                self._newer()
            case "alt+up":
                prompt.waiting.enter()
            case "ctrl+r" if not normal:
                prompt.search()
            case "ctrl+g":
                prompt.edit_outside()
            case "ctrl+v":
                prompt.paste_image()
            case "shift+tab":
                prompt.post_message(prompt.ModeCycled())
            case "ctrl+a" if prompt.asking.any:
                prompt.post_message(prompt.AnswerWanted())
            case "tab" if prompt.asking.any and not editor.text:
                prompt.post_message(prompt.AnswerWanted())
            case "tab" if editor.text:
                prompt.menu.follow(editor.before)
            case "left" | "backspace" if editor.cursor_at() == 0 and not editor.selected_text:
                return prompt.chips.enter()
            case _:
                return False
        return True

    def _older(self) -> None:
        prompt = self._prompt
        if not prompt.editor.text and prompt.waiting.enter():
            return
        self._recalled(prompt.recall.older(prompt.editor.text))

    def _newer(self) -> None:
        self._recalled(self._prompt.recall.newer())

    def _recalled(self, text: str | None) -> None:
        if text is not None:
            self._shown = text
            self._prompt.editor.set_text(text)
            self._prompt.menu.dismiss_for(text)

    def _stop_recalling(self) -> None:
        self._shown = ""
        self._prompt.recall.stop()

    def pasted(self, text: str) -> bool:
        """Whether a paste was taken."""
        return self._prompt.paste(text)

    def changed(self) -> None:
        """The text or the cursor is not where it was."""
        editor = self._prompt.editor
        if editor.is_mounted:
            self._prompt.menu.follow(editor.before)
