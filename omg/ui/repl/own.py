"""`!command`: a command of the person's own, its output on the page as it comes."""

from __future__ import annotations

from omg.session.conversation import Conversation
from omg.session.own_shell import run_own
from omg.ui.repl.page import Page
from omg.ui.text import clean

_MOST = 1000
"""Lines that are shown; the model gets them cut in the same way as its own."""


async def run_shown(conversation: Conversation, page: Page, text: str) -> None:
    """Run what stands behind `!`, or behind `!!` to keep it from the model. Raises ToolError when it cannot start."""
    tell = not text.startswith("!!")
    command = text.lstrip("!").strip()
    if not command:
        return
    page.line(page.ink("bold", f"{'!' if tell else '!!'} {clean(command)}"))
    lines = _Lines(page)
    outcome = await run_own(conversation, command, lines.take, tell=tell)
    lines.end()
    ending = "" if outcome.status == 0 else f"status {outcome.status}"
    told = "the model reads this with your next words" if tell else "kept from the model"
    page.note(f"({', '.join(part for part in (ending, told) if part)})")


class _Lines:
    """Whole lines out of what comes in pieces."""

    def __init__(self, page: Page) -> None:
        self._page, self._rest, self._count = page, "", 0

    def take(self, text: str) -> None:
        *whole, self._rest = (self._rest + text).split("\n")
        kept = whole[: max(_MOST - self._count, 0)]
        if whole and self._count <= _MOST < self._count + len(whole):
            kept.append("… (more than is shown)")
        self._count += len(whole)
        for line in kept:
            self._page.line(self._page.ink("dim", "│ ") + clean(line))

    def end(self) -> None:
        if self._rest:
            self.take("\n")
