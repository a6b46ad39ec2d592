"""Figures as drawings of characters: large digits, bars, strip charts. Pure: text in, text out."""

from __future__ import annotations

from collections.abc import Sequence

_DIGITS = {
    "0": ("┏━┓", "┃ ┃", "┗━┛"),
    "1": (" ╻ ", " ┃ ", " ╹ "),
    "2": ("╺━┓", "┏━┛", "┗━╸"),
    "3": ("╺━┓", " ━┫", "╺━┛"),
    "4": ("╻ ╻", "┗━┫", "  ╹"),
    "5": ("┏━╸", "┗━┓", "╺━┛"),
    "6": ("┏━╸", "┣━┓", "┗━┛"),
    "7": ("╺━┓", "  ┃", "  ╹"),
    "8": ("┏━┓", "┣━┫", "┗━┛"),
    "9": ("┏━┓", "┗━┫", "╺━┛"),
    ".": (" ", " ", "."),
    "-": ("   ", "╺━╸", "   "),
}
_LEVELS = "▁▂▃▄▅▆▇█"
_NOTHING = "·"


def large(number: str) -> tuple[str, str, str]:
    """A number three lines high; what is no digit is left out."""
    glyphs = [_DIGITS[character] for character in number if character in _DIGITS]
    top, middle, bottom = (" ".join(glyph[row] for glyph in glyphs) for row in range(3))
    return top, middle, bottom


def shares(amounts: Sequence[int], width: int) -> list[int]:
    """How many of `width` cells each of several amounts gets: in proportion, what is there at all at least one."""
    total = sum(amounts)
    if not total or width <= 0:
        return [0] * len(amounts)
    cells = [max(1, round(width * amount / total)) if amount else 0 for amount in amounts]
    while sum(cells) != width:
        step = 1 if sum(cells) < width else -1
        widest = max(range(len(cells)), key=lambda index: cells[index])
        if cells[widest] + step < 0:
            break
        cells[widest] += step
    return cells


def strip(values: Sequence[float], most: float | None = None) -> str:
    """A strip chart: one character a value, `most` (else the highest) a full block; nothing is a dot."""
    top = max(values, default=0) if most is None else most
    if top <= 0:
        return _NOTHING * len(values)
    return "".join(_LEVELS[max(0, round(value / top * 8) - 1)] if value > 0 else _NOTHING for value in values)
