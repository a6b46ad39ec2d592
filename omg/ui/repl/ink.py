"""Colours that mean something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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


@dataclass(frozen=True, slots=True)
class Ink:
    """Paints text, or leaves it plain."""

    color: bool

    def __call__(self, tone: Tone, text: str) -> str:
        return f"\x1b[{_CODES[tone]}m{text}\x1b[0m" if self.color and text else text
