"""Going back through what was typed before, entry by entry. What was being typed waits at the end."""

from __future__ import annotations

from collections.abc import Sequence


class Recall:
    """`entries` are the newest first. A draft is what stood there before the first step back."""

    def __init__(self) -> None:
        self.entries: list[str] = []
        self._place = -1
        self._draft = ""

    def load(self, entries: Sequence[str]) -> None:
        """Take over what earlier sessions left, behind what was typed in this one meanwhile."""
        self.entries = [*self.entries, *entries]

    def add(self, text: str) -> None:
        """Something was entered."""
        self._place = -1
        if not self.entries or self.entries[0] != text:
            self.entries.insert(0, text)

    def older(self, now: str) -> str | None:
        """The entry before; None at the oldest. `now` is what stands in the editor."""
        if self._place < 0:
            self._draft = now
        place = self._place + 1
        while place < len(self.entries) and self.entries[place] == now:
            place += 1
        if place >= len(self.entries):
            return None
        self._place = place
        return self.entries[place]

    def newer(self) -> str | None:
        """The entry behind, or the draft; None where one is at the draft already."""
        if self._place < 0:
            return None
        self._place -= 1
        return self._draft if self._place < 0 else self.entries[self._place]

    def stop(self) -> None:
        """What stands in the editor is a draft of its own."""
        self._place = -1
