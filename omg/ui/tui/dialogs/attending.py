"""Attends to the questions that wait: main's comes up when nothing is being typed; a fork's waits to be looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.app import App

from omg.ui.text import one_line
from omg.ui.tui.dialogs.ask import Ask

if TYPE_CHECKING:
    from omg.agent.permit import Answer, Question
    from omg.session.questions import Asked, Questions
    from omg.ui.tui.prompt import Prompt


class Attending:
    """Call `attend` whenever questions have come or gone, `open` to have the current one answered. `told` says what was
    answered, in a line; `trouble` what could not be kept of it."""

    def __init__(
        self,
        app: App[Any],
        questions: Questions,
        prompt: Prompt,
        told: Callable[[str, bool], None],
        trouble: Callable[[BaseException], None],
    ) -> None:
        self._app, self._questions, self._prompt = app, questions, prompt
        self._told, self._trouble = told, trouble
        self._shown: tuple[Asked, Ask] | None = None
        self._aside: list[Asked] = []
        """Questions that the person has put aside: they do not come up by themselves again."""

    def attend(self) -> None:
        """Follow the questions."""
        waiting = self._waiting
        self._aside = [asked for asked in self._aside if asked in waiting]
        if self._shown is not None and self._shown[0] not in waiting:
            self._close()
        current = self._current
        if current is not None and self._comes_up(current):
            self.open()
        rest = [asked for asked in waiting if self._shown is None or asked is not self._shown[0]]
        first = [asked for asked in rest if asked is current]
        self._prompt.ask([_line(asked.question) for asked in [*first, *(one for one in rest if one is not current)]])

    @property
    def _waiting(self) -> list[Asked]:
        return [asked for asked in self._questions.waiting if not asked.answer.done()]

    @property
    def _current(self) -> Asked | None:
        current = self._questions.current
        return current if current is not None and not current.answer.done() else None

    def _comes_up(self, asked: Asked) -> bool:
        """Whether a question may take the screen by itself."""
        free = self._shown is None and len(self._app.screen_stack) == 1 and not self._prompt.typing
        return free and asked.question.branch == "main" and asked not in self._aside

    def _close(self) -> None:
        """The question is answered or gone: its dialog goes too."""
        shown, self._shown = self._shown, None
        if shown is not None and shown[1].is_current:
            shown[1].dismiss(None)

    def open(self) -> None:
        """Show the current question."""
        current = self._current
        if current is None or self._shown is not None:
            return
        others = tuple(asked.question.branch for asked in self._waiting if asked is not current)
        dialog = Ask(current.question, others, typing=self._prompt.editor.has_focus)
        self._shown = current, dialog
        self._app.push_screen(dialog, lambda answer: self._answered(current, answer, dialog.typed))

    def _answered(self, asked: Asked, answer: Answer | None, typed: str) -> None:
        self._shown = None
        if answer is None:
            if asked in self._waiting:
                self._aside.append(asked)
            if typed:
                self._prompt.editor.insert(typed)
        elif asked is self._questions.current:
            self._told(_answer_line(asked.question, answer), answer.kind == "no")
            try:
                self._questions.reply(answer)
            except Exception as error:  # noqa: BLE001 - the answer stands; what could not be kept is told
                self._trouble(error)
        self.attend()


def _line(question: Question) -> str:
    return f"{question.branch} asks: {question.tool} {one_line(question.subject)}"


def _answer_line(question: Question, answer: Answer) -> str:
    """What was asked and answered, in one line."""
    what = one_line(question.subject if question.cost else f"{question.tool} {question.subject}")
    who = "" if question.branch == "main" else f"{question.branch}: "
    if answer.kind == "no":
        return f"{who}no: {what}" + (f" ({one_line(answer.words)})" if answer.words else "")
    how = {"once": "once", "session": "this session", "always": "always"}[answer.kind]
    return f"{who}yes, {how}: {what if answer.kind == 'once' else question.rule}"
