"""Choosing a place in the session: one of the person's messages to go back to before, or where main goes on from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.content import Content

from omg.ui.text import one_line
from omg.ui.tui.dialogs.choose import Choose, Row


class Places(Choose):
    """`places` are names and what each is; `about(name)` says more of one, and is called in a thread."""

    def __init__(self, heading: str, places: Sequence[tuple[str, str]], about: Callable[[str], str]) -> None:
        super().__init__()
        self._heading, self._places, self._about = heading, places, about

    def heading(self) -> str:
        return self._heading

    def rows(self, typed: str) -> Sequence[Row]:
        wanted = one_line(typed).lower()
        widest = max((len(name) for name, _ in self._places), default=0)
        return [
            Row(name, Content.assemble((f"{name:>{widest}}  ", "bold"), one_line(words[:200])))
            for name, words in self._places
            if wanted in name.lower() or wanted in words.lower()
        ]

    def preview(self, row: Row) -> str:
        return self._about(row.name)
