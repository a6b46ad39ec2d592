"""Tool calls as one-line cards: running, done, failed; and what they open to."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from omg.core.events import ToolCalled, ToolResult
from omg.core.tool import Show
from omg.ui.repl.ink import Ink, Tone
from omg.ui.text import cut, one_line

State = Literal["running", "done", "failed"]
_MARKS: dict[State, str] = {"running": "●", "done": "▸", "failed": "✗"}
_TONES: dict[State, Tone] = {"running": "running", "done": "dim", "failed": "failed"}
_KEPT = 300
"""Cards that can still be opened."""


@dataclass(slots=True)
class Card:
    """One call. `number` is what `/open` knows it by; it has one when it is done."""

    call: ToolCalled
    number: int = 0
    result: ToolResult | None = None
    last_output: str = ""

    @property
    def state(self) -> State:
        if self.result is None:
            return "running"
        return "failed" if self.result.is_error else "done"

    def line(self, ink: Ink, width: int) -> str:
        """The card: mark, tool, and what came of it."""
        state = self.state
        end = f"  #{self.number}" if self.number else ""
        text = cut(self._text(), width - 3 - len(self.call.name) - 2 - len(end))
        mark = ink(_TONES[state], _MARKS[state])
        return f"{mark} {ink('bold', self.call.name)}  {text}{ink('dim', end)}"

    def _text(self) -> str:
        if self.result is None:
            subject = call_subject(self.call)
            return f"{subject}  {self.last_output}" if self.last_output else subject
        said = one_line(self.result.line or self.result.text[:200])
        return said.removeprefix(f"{self.call.name} ")

    def shows(self) -> tuple[Show, ...]:
        """What it opens to: its blocks, else the text that the model got."""
        if self.result is None:
            return (Show("text", call_subject(self.call)),)
        subject = _whole_subject(self.call)
        first = (Show("text", subject),) if "\n" in subject or len(subject) > 60 else ()
        return (*first, *(self.result.shows or (Show("text", self.result.text),)))

    def take(self, output: str) -> None:
        """Keep the last line of what it streams."""
        lines = [line for line in output.splitlines() if line.strip()]
        if lines:
            self.last_output = one_line(lines[-1][:300])


def call_subject(call: ToolCalled) -> str:
    """What a call is about, in one line: its first value."""
    return one_line(_whole_subject(call)[:400])


def _whole_subject(call: ToolCalled) -> str:
    return next((value if isinstance(value, str) else str(value) for value in call.input.values()), "")


@dataclass(slots=True)
class Deck:
    """The calls of a session: those that run, and the last of those that ended."""

    running: dict[str, Card] = field(default_factory=dict[str, Card])
    ended: deque[Card] = field(default_factory=lambda: deque[Card](maxlen=_KEPT))
    count: int = 0

    def called(self, call: ToolCalled) -> None:
        self.running[call.id] = Card(call)

    def result(self, result: ToolResult) -> Card:
        """The card of a call that has ended."""
        call = ToolCalled(branch=result.branch, at=result.at, id=result.id, name=result.name, input={})
        card = self.running.pop(result.id, None) or Card(call)
        self.count += 1
        card.number, card.result = self.count, result
        self.ended.append(card)
        return card

    def forget(self, branch: str) -> None:
        """Nobody tells any more how this branch's calls end."""
        self.running = {id: card for id, card in self.running.items() if card.call.branch != branch}

    def find(self, number: int | None) -> Card | None:
        """The card of that number, or the newest."""
        if number is None:
            return self.ended[-1] if self.ended else None
        return next((card for card in self.ended if card.number == number), None)
