"""Colours that mean something, and text made fit for a terminal: one line, one width, no hidden characters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from prompt_toolkit.utils import get_cwidth

Tone = Literal["dim", "bold", "warm", "cold", "running", "failed", "reverse"]
_CODES: dict[Tone, str] = {
    "dim": "2",
    "bold": "1",
    "warm": "33",
    "cold": "34",
    "running": "32",
    "failed": "31",
    "reverse": "7",
}
_SEQUENCE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~])"
)
# Also what turns the direction of writing around: with it, a command can read as another one.
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Ink:
    """Paints text, or leaves it plain."""

    color: bool

    def __call__(self, tone: Tone, text: str) -> str:
        return f"\x1b[{_CODES[tone]}m{text}\x1b[0m" if self.color and text else text


def clean(text: str) -> str:
    """Text from elsewhere without what would move the cursor or paint: only new lines stay, tabs become spaces."""
    text = _SEQUENCE.sub("", text.replace("\r\n", "\n"))
    return _HIDDEN.sub("", text.expandtabs(4))


def exact(text: str) -> str:
    """Text with everything hidden made visible, for what a person is asked to agree to."""
    return _HIDDEN.sub(lambda found: found[0].encode("unicode_escape", "replace").decode(), text).expandtabs(4)


def one_line(text: str) -> str:
    """Clean text on one line."""
    return " ".join(clean(text).split())


def cut(text: str, width: int) -> str:
    """`text` (one line) in at most `width` cells, with … where something is left out."""
    if get_cwidth(text) <= width:
        return text
    kept, used = "", 0
    for character in text:
        used += get_cwidth(character)
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
            size = get_cwidth(character)
            if used + size > width:
                rows.append(row)
                row, used = "", 0
            row, used = row + character, used + size
        rows.append(row)
    return rows
