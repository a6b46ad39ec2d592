"""Tables as text, whole or in as many columns of a screen as there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Fit = Callable[[int], str]
"""A text for a screen of so many columns, on which the whole of it can be had too: it leaves out what matters least,
and may still be wider."""


@dataclass(frozen=True, slots=True)
class Table:
    """`rows`, of which the first one names the columns; `first_out` names those that are left out where there is no
    room, in that order."""

    rows: Sequence[tuple[str, ...]]
    first_out: tuple[str, ...] = ()

    def text(self, columns: int | None = None) -> str:
        """Its lines, aligned at the right; None: all of it."""
        left = list(range(len(self.rows[0])))
        for name in self.first_out:
            if columns is None or self._width(left) <= columns:
                break
            left.remove(self.rows[0].index(name))
        widths = [self._widest(place) for place in left]
        rows = ([row[place] for place in left] for row in self.rows)
        return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)

    def _width(self, places: Sequence[int]) -> int:
        return sum(map(self._widest, places)) + 2 * (len(places) - 1)

    def _widest(self, place: int) -> int:
        return max(len(row[place]) for row in self.rows)


def laid_out(parts: Sequence[str | Table], columns: int | None = None) -> str:
    """Lines and tables below each other."""
    return "\n".join(part if isinstance(part, str) else part.text(columns) for part in parts)
