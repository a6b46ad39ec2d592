"""The question dialog: what is asked, exactly, and the keys that answer it. It never takes what is being typed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from prompt_toolkit.application import get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import ANSI
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import BufferControl, ConditionalContainer, FormattedTextControl, HSplit, Window

from omg.agent.permit import Answer, Question
from omg.session.questions import Asked
from omg.ui.repl.talk import Talk
from omg.ui.text import cut, exact, fold, one_line

_SETTLE = 0.4
"""Seconds in which a key was meant for the prompt, and is no answer to a question that has just come up."""


class Dialog:
    """Shows the current question below the live lines. `to_prompt` gives the focus back, with a typed character."""

    def __init__(self, talk: Talk, size: Callable[[], tuple[int, int]], to_prompt: Callable[[str], None]) -> None:
        self._talk, self._size, self._to_prompt = talk, size, to_prompt
        self._asked: Asked | None = None
        self._since = 0.0
        self._saying = False
        self._words = Buffer(name="no", multiline=False)
        self._choices = FormattedTextControl(self._text, focusable=True, key_bindings=self._keys(), show_cursor=False)
        field = Window(
            BufferControl(self._words, key_bindings=self._word_keys()),
            height=1,
            get_line_prefix=lambda _line, _wrap: "  no: ",
        )
        self.container = ConditionalContainer(
            HSplit(
                [
                    Window(self._choices, dont_extend_height=True),
                    ConditionalContainer(field, Condition(lambda: self._saying)),
                ]
            ),
            Condition(lambda: self._asked is not None),
        )

    @property
    def focused(self) -> bool:
        return get_app().layout.current_control is self._choices or get_app().layout.has_focus(self._words)

    @property
    def pending(self) -> bool:
        return self._asked is not None

    def attend(self, typing: bool) -> None:
        """Follow the questions. One of main takes the focus when nothing is being typed; one of a fork never does."""
        current = self._talk.questions.current
        if current is self._asked:
            return
        had_focus = self.focused
        self._asked, self._since, self._saying = current, time.monotonic(), False
        self._words.reset()
        if current is None or (had_focus and current.question.branch != "main"):
            self._to_prompt("")
        elif current.question.branch == "main" and not typing:
            self.focus()

    def focus(self) -> None:
        get_app().layout.focus(self._choices)

    def escape(self) -> None:
        """Back from the words to the choices, from the choices to the prompt; main's question ends with its turn."""
        if self._saying:
            self._saying = False
            return self.focus()
        asked = self._asked
        self._to_prompt("")
        if asked is not None and asked.question.branch == "main":
            self._talk.interrupt()
        return None

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()
        answers: dict[str, Literal["once", "session", "always"]] = {"y": "once", "s": "session", "a": "always"}

        @keys.add(Keys.Any)
        def _(event: KeyPressEvent) -> None:
            lasting = self._asked is not None and bool(self._asked.question.rule)
            kind = answers.get(event.data)
            if time.monotonic() - self._since < _SETTLE:
                self._to_prompt(event.data)
            elif kind is not None and (kind == "once" or lasting):
                self._answer(Answer(kind))
            elif event.data == "n":
                self._saying = True
                get_app().layout.focus(self._words)
            elif event.data == "o":
                self._show_all()
            else:
                self._to_prompt(event.data)

        @keys.add("tab")
        def _(event: KeyPressEvent) -> None:
            self._to_prompt("")

        return keys

    def _word_keys(self) -> KeyBindings:
        keys = KeyBindings()

        @keys.add("enter")
        def _(event: KeyPressEvent) -> None:
            self._answer(Answer("no", self._words.text.strip()))

        return keys

    def _answer(self, answer: Answer) -> None:
        asked = self._asked
        if asked is None:
            return
        self._tell(asked.question, answer)
        try:
            self._talk.questions.reply(answer)
        except Exception as error:  # noqa: BLE001 - the answer stands; what could not be kept is told
            self._talk.trouble(error)

    def _tell(self, question: Question, answer: Answer) -> None:
        """The answer, on the page."""
        page, what = self._talk.page, f"{question.tool} {one_line(question.subject)}"
        who = "" if question.branch == "main" else f"{question.branch}: "
        if answer.kind == "no":
            text = f"{page.ink('failed', '✗')} {who}no: {what}" + (
                f" ({one_line(answer.words)})" if answer.words else ""
            )
        else:
            how = {"once": "once", "session": "this session", "always": "always"}[answer.kind]
            rule = f" {question.rule}" if answer.kind != "once" else f" {what}"
            text = f"{page.ink('running', '✔')} {who}yes, {how}:{rule}"
        page.line(text)

    def _show_all(self) -> None:
        if self._asked is not None and self._asked.question.show is not None:
            self._talk.page.line(exact(self._asked.question.show.text))

    def _text(self) -> ANSI:
        return ANSI("\n".join(self._lines()) if self._asked is not None else "")

    def _lines(self) -> list[str]:
        if self._asked is None:
            return []
        ink, question, (columns, rows) = self._talk.page.ink, self._asked.question, self._size()
        others = [asked.question.branch for asked in self._talk.questions.waiting if asked is not self._asked]
        more = f"  (then {', '.join(others)})" if others else ""
        head = f"? {question.branch} asks: {question.tool}{more}"
        return [ink("warm", cut(head, columns - 1)), *self._shown(columns, rows // 2), *self._offers(columns)]

    def _shown(self, columns: int, most: int) -> list[str]:
        """What is asked for, exactly; what does not fit is counted."""
        ink, show = self._talk.page.ink, self._asked.question.show if self._asked else None
        rows = (
            [row for line in exact(show.text).rstrip("\n").split("\n") for row in fold(line, columns - 3)]
            if show
            else []
        )
        left = len(rows) - most
        painted = [_painted(ink, row) if show and show.kind == "diff" else row for row in rows[:most]]
        bar = ink("warm", "│ ")
        return [bar + row for row in painted] + ([bar + f"… {left} more lines: o shows all"] if left > 0 else [])

    def _offers(self, columns: int) -> list[str]:
        if self._saying:
            return []
        rule = self._asked.question.rule if self._asked else ""
        lasting = f" · s this session · a always  {exact(rule)}" if rule else ""
        choices = f"  y once{lasting} · n no, with words"
        if not self.focused:
            choices = "  tab answers:" + choices[1:]
        return [self._talk.page.ink("bold", row) for row in fold(choices, columns - 1)]


def _painted(ink: Callable[[Literal["running", "failed"], str], str], row: str) -> str:
    if row.startswith("+"):
        return ink("running", row)
    return ink("failed", row) if row.startswith("-") else row
