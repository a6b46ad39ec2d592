"""The question of a branch: what it asks for, exactly, what a lasting yes would allow, and the answers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Key
from textual.widgets import Button, Input, Static

from omg.agent.permit import Answer, Cost, Question
from omg.core.amounts import dollars
from omg.ui.text import exact, one_line
from omg.ui.tui.dialogs.frame import Frame
from omg.ui.tui.dialogs.prices import price_rows

if TYPE_CHECKING:
    from omg.core.tool import Show

SETTLE = 0.4
"""Seconds without a key before one that answers: in a run of keys, each was meant for something else."""
_ANSWERS = "ysankj? "
"""What means something here, or too little anywhere; of a run of keys that goes on from before, any other letter was
meant for the prompt."""
_RULE = 160
"""Characters of a rule that are always seen."""
_OWN = 0.03
"""Seconds in which a key that was heard is the one that is being answered with."""


class Ask(Frame[Answer | None]):
    """Dismissed with the answer, or None: the question waits on. Who was `typing` as it came, and types on, puts it
    aside with that, and `typed` is what they have typed into it."""

    DEFAULT_CSS = """
    Ask {
        & .what { height: auto; text-style: bold; }
        & .shown { height: auto; margin: 1 0; border-left: thick $warm; padding: 0 1; }
        & .rule { height: auto; color: $text-muted; }
        & .foot .rule { margin-top: 1; }
        & .words { display: none; margin-top: 1; }
        &.-saying .words { display: block; }
        &.-saying .buttons { display: none; }
        & .others { height: auto; color: $text-muted; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "once", show=False),
        Binding("s", "session", show=False),
        Binding("a", "always", show=False),
        Binding("n", "no", show=False),
        Binding("up,k", "scroll(-1)", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("pageup", "scroll(-10)", show=False),
        Binding("pagedown", "scroll(10)", show=False),
    ]

    AUTO_FOCUS = ""  # Enter alone answers nothing
    KEYS = "↑↓ read on · esc later: the question waits"

    def __init__(self, question: Question, others: tuple[str, ...] = (), *, typing: bool = False) -> None:
        super().__init__()
        self._typing = typing
        self.question = question
        self._others = others
        self._keys = (time.monotonic(), time.monotonic())
        """When the last two keys came, or the question itself."""
        self.typed = ""

    @property
    def _lasting(self) -> bool:
        return bool(self.question.rule)

    @property
    def _rule_in_short(self) -> str:
        """What a lasting yes allows, in a line; where that is not all of it, exactly, the contents have it too."""
        rule = one_line(exact(self.question.rule))
        return rule if len(rule) <= _RULE else f"{rule[:_RULE]}…"

    def heading(self) -> str:
        return f"{self.question.branch} asks" if self.question.cost is None else f"{self.question.branch}: a price"

    def contents(self) -> ComposeResult:
        question, cost = self.question, self.question.cost
        if cost is None:
            yield Static(Content(f"{question.tool}  {one_line(question.subject)}"), classes="what")
            yield Static(painted(question.show), classes="shown")
            if self._rule_in_short != (rule := exact(question.rule)):
                yield Static(Content(rule), classes="rule")
        else:
            yield Static(Content(_money(question, cost)), classes="what")
            if cost.quotes:
                yield Static(Content(price_rows(cost.quotes)), classes="shown")

    def fixed(self) -> ComposeResult:
        if self._lasting:
            yield Static(Content(f"a lasting yes allows  {self._rule_in_short}"), classes="rule")
        if self._others:
            yield Static(Content(one_line(f"then {', '.join(self._others)}")), classes="others")
        yield Input(placeholder="why not, or what to do instead", classes="words", compact=True)

    def buttons(self) -> ComposeResult:
        yes = "y  yes, once" if self.question.cost is None else "y  spend it"
        yield Button(yes, id="once", compact=True)
        if self._lasting:
            yield Button("s  session", id="session", compact=True)
            yield Button("a  always", id="always", compact=True)
        yield Button("n  no…", id="no", compact=True)

    def on_mount(self) -> None:
        self._keys = (time.monotonic(), time.monotonic())

    def on_key(self, event: Key) -> None:
        self._keys = (self._keys[1], time.monotonic())
        if not self._typing:
            return
        letter = (event.character or "") if event.is_printable and not self._meant else ""
        self._typing = bool(letter)
        self.typed = self.typed + letter if letter else ""
        if letter and letter not in _ANSWERS and self.is_current:
            self._typing = False
            event.stop()
            self.dismiss(None)

    @property
    def _meant(self) -> bool:
        """Whether a key that comes now stands alone, and so is an answer."""
        before, last = self._keys
        now = time.monotonic()
        return now - (before if now - last < _OWN else last) >= SETTLE

    def _answer(self, answer: Answer) -> None:
        if self._meant:
            self.dismiss(answer)

    def action_once(self) -> None:
        self._answer(Answer("once"))

    def action_session(self) -> None:
        if self._lasting:
            self._answer(Answer("session"))

    def action_always(self) -> None:
        if self._lasting:
            self._answer(Answer("always"))

    def action_no(self) -> None:
        """Ask for words, which go to the model with the no."""
        if self._meant:
            self.add_class("-saying")
            self.query_one(Input).focus()

    @on(Input.Submitted)
    def _said_no(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(Answer("no", event.value.strip()))

    def action_cancel(self) -> None:
        """Back from the words to the answers; from there, the question waits on."""
        if self.has_class("-saying"):
            self.remove_class("-saying")
            self.set_focus(None)
        else:
            self.typed = ""
            self.dismiss(None)

    def action_scroll(self, by: int) -> None:
        self.query_one(".box").scroll_relative(y=by, animate=False)


def painted(show: Show | None) -> Content:
    """What is asked for, with everything hidden made visible; a diff in its colours, each line with its sign."""
    if show is None:
        return Content("")
    lines = exact(show.text).rstrip("\n").split("\n")
    styles = {"+": "$running", "-": "$failed", "@": "$text-muted"} if show.kind == "diff" else {}
    return Content("\n").join(Content.styled(line, styles.get(line[:1], "")) for line in lines)


def _money(question: Question, cost: Cost) -> str:
    about = f"{one_line(question.subject)}: about {dollars(cost.usd)}"
    return f"{about}\nabove the {dollars(cost.limit)} that go unasked"
