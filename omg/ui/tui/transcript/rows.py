"""Where each item stands: heights, measured or guessed, and the rows that they add up to."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate


class Rows:
    """The heights of items that follow each other. Finding, and changing one of the last, is cheap; changing an early
    one costs one pass over those behind it, the next time that somebody asks."""

    def __init__(self) -> None:
        self._heights: list[int] = []
        self._ends: list[int] = []
        """The row behind each item, as far as it has been summed up."""

    def __len__(self) -> int:
        return len(self._heights)

    def __getitem__(self, item: int) -> int:
        return self._heights[item]

    @property
    def total(self) -> int:
        return self._summed()[-1] if self._heights else 0

    def append(self, height: int) -> None:
        self._heights.append(height)

    def prepend(self, heights: list[int]) -> None:
        self._heights[:0] = heights
        self._ends = []

    def set(self, item: int, height: int) -> int:
        """Change a height; by how much it changed."""
        change = height - self._heights[item]
        if change:
            self._heights[item] = height
            del self._ends[item:]
        return change

    def start(self, item: int) -> int:
        """The first row of an item."""
        return self._summed()[item - 1] if item else 0

    def find(self, row: int) -> int:
        """The item that a row belongs to; the last one for rows behind all. Without items: -1."""
        return min(bisect_right(self._summed(), row), len(self._heights) - 1)

    def _summed(self) -> list[int]:
        known = len(self._ends)
        if known < len(self._heights):
            before = self._ends[-1] if known else 0
            more = accumulate(self._heights[known:], initial=before)
            next(more)
            self._ends.extend(more)
        return self._ends
