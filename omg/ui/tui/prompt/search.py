"""Looking through what was typed before (Ctrl+R)."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from omg.ui.text import one_line
from omg.ui.tui.dialogs.choose import Choose, Row

_MOST = 200


class Search(Choose):
    """Dismissed with the entry that was chosen, whole."""

    HEADING = "history"

    def __init__(self, entries: Sequence[str], typed: str = "") -> None:
        super().__init__(typed if "\n" not in typed else "")
        self._entries = list(dict.fromkeys(entries))

    def rows(self, typed: str) -> Sequence[Row]:
        words = typed.lower().split()
        found = (entry for entry in self._entries if all(word in entry.lower() for word in words))
        return [Row(entry, Content(one_line(entry)), entry) for _, entry in zip(range(_MOST), found, strict=False)]
