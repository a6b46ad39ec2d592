"""The session picker: what was said in any of them is found, and its end is shown beside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from omg.ui.text import clean
from omg.ui.tui.dialogs.choose import Choose, Row

if TYPE_CHECKING:
    from omg.session import picker


class Sessions(Choose):
    """Dismissed with a session's id."""

    DEFAULT_CSS = """
    Sessions > .box { max-width: 140; }
    """
    HEADING = "sessions"
    LOOKS = "words that were said, or folder:… branch:… after:…"

    def __init__(self, found: picker.Picker, typed: str = "") -> None:
        super().__init__(typed)
        self._picker = found
        self._by_id: dict[str, picker.Row] = {}

    def rows(self, typed: str) -> Sequence[Row]:
        """The sessions that fit. Raises BadQuery."""
        found = self._picker.search(typed)
        self._by_id = {row.id: row for row in found}
        return [Row(row.id, _shown(row)) for row in found]

    def preview(self, row: Row) -> str:
        return self._picker.preview(self._by_id[row.name])


def _shown(row: picker.Row) -> Content:
    parts = [Content(clean(row.title)), Content("\n"), Content.styled(clean(row.about), "dim")]
    if row.hit:
        hit = Content(clean(row.hit))
        for start, end in row.marks:
            hit = hit.stylize("bold", start, end)
        parts += [Content("\n"), hit]
    return Content.assemble(*parts)
