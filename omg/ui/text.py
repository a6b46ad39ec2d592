"""Text made fit for a terminal: one line, one width, no hidden characters."""

from __future__ import annotations

import re

from rich.cells import cell_len, get_character_cell_size

from omg.core import hidden
from omg.core.hidden import HIDDEN

_SEQUENCE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~])"
)


def clean(text: str) -> str:
    """Text from elsewhere without what would move the cursor or paint: only new lines stay, tabs become spaces."""
    text = _SEQUENCE.sub("", text.replace("\r\n", "\n"))
    return HIDDEN.sub("", text.expandtabs(4))


def exact(text: str) -> str:
    """Text with everything hidden made visible, for what a person is asked to agree to."""
    return hidden.exact(text).expandtabs(4)


def one_line(text: str) -> str:
    """Clean text on one line."""
    return " ".join(clean(text).split())


def cut(text: str, width: int) -> str:
    """`text` (one line) in at most `width` cells, with … where something is left out."""
    if cell_len(text) <= width:
        return text
    kept, used = "", 0
    for character in text:
        used += get_character_cell_size(character)
        if used > width - 1:
            break
        kept += character
    return kept + "…" if width > 0 else ""


def fold(text: str, width: int) -> list[str]:
    """`text` as the rows that a terminal of that width makes of it."""
    rows: list[str] = []
    for line in text.split("\n"):
        row, used = "", 0
        for character in line:
            size = get_character_cell_size(character)
            if used + size > width:
                rows.append(row)
                row, used = "", 0
            row, used = row + character, used + size
        rows.append(row)
    return rows
