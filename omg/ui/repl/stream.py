"""One branch as it speaks: finished blocks go to the page, what is still growing stays live."""

from __future__ import annotations

from dataclasses import dataclass, field

from omg.core.events import ReplyEnded, Text, Thinking, ToolCalled, ToolOutput, ToolResult
from omg.ui.blocks import Blocks
from omg.ui.repl.cards import Deck
from omg.ui.repl.page import Page
from omg.ui.text import clean, fold, one_line

Spoken = Text | Thinking | ReplyEnded | ToolCalled | ToolOutput | ToolResult
_THOUGHT = 400
"""Characters of thinking that are kept: the end of it is shown while nothing else is."""

_TAIL = 4000
"""Characters of a growing block that are looked at: more than a screen's part of it is never shown."""


@dataclass(slots=True)
class Stream:
    """`label` stands before each line, where the branch is not main."""

    page: Page
    deck: Deck
    label: str = ""
    blocks: Blocks = field(default_factory=Blocks)
    thought: str = ""
    spoke: bool = False

    def heard(self, event: Spoken) -> None:
        """Take one event of this branch in."""
        match event:
            case Text(text=text):
                self.thought, self.spoke = "", True
                for block in self.blocks.feed(text):
                    self.page.markdown(block, self.label)
            case Thinking(text=text):
                self.thought = (self.thought + text)[-_THOUGHT:]
            case ReplyEnded(whole=whole):
                self._ended(whole)
            case ToolCalled():
                self.deck.called(event)
            case ToolOutput(id=id, text=text):
                if id in self.deck.running:
                    self.deck.running[id].take(text)
            case ToolResult():
                card = self.deck.result(event)
                self.page.line(card.line(self.page.ink, self.page.width() - len(self.label)), self.label)

    def _ended(self, whole: bool) -> None:
        self.page.markdown(self.blocks.finish(), self.label)
        if not whole and self.spoke:
            self.page.line(self.page.ink("dim", "(cut: this reply is not part of the history)"), self.label)
        self.thought, self.spoke = "", False

    def live(self, branch: str, width: int, rows: int) -> list[str]:
        """What is growing: the tail of the reply or of the thinking, and the calls that run."""
        ink, inner = self.page.ink, width - len(self.label)
        lines: list[str] = []
        if self.blocks.tail.strip():
            lines = fold(clean(self.blocks.tail[-_TAIL:]).rstrip("\n"), inner)
        elif self.thought:
            lines = [ink("dim", row) for row in fold(one_line(self.thought), inner)[-2:]]
        cards = [card for card in self.deck.running.values() if card.call.branch == branch]
        lines = lines[-max(rows - len(cards), 2) :] + [card.line(ink, inner) for card in cards[:rows]]
        return [self.label + line for line in lines]
