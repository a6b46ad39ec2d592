"""Find the smallest number for which something holds, by asking as little as possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class Threshold:
    """A search over whole numbers: something lacks below an unknown number, and holds from it on.

    `next` says which number to try; `lacks` and `holds` take what was seen, also at numbers that were not asked
    for. It goes up from `start` by `steps` (then by doubling) until it holds; between what lacks and what holds,
    `likely` numbers are tried before halving: those around a published one, so that two tries confirm it.
    """

    start: int
    likely: Sequence[int]
    ceiling: int
    steps: Sequence[int] = ()
    floor: int = 1
    tolerance: float = 0.0
    """How narrow, as a part of the number; never below 1."""
    below: int = 0
    """The highest number at which it was seen to lack; 0: none."""
    reached: int | None = None
    """The lowest number at which it was seen to hold."""

    def lacks(self, number: int) -> None:
        self.below = max(self.below, number)

    def holds(self, number: int) -> None:
        self.reached = number if self.reached is None else min(self.reached, number)

    @property
    def contradicts(self) -> bool:
        """Whether it held at a number and lacked at a higher one."""
        return self.reached is not None and self.below >= self.reached

    def next(self) -> int | None:
        """The number to try; None when the answer is narrow enough, or out of bounds."""
        if self.reached is None:
            return self._higher()
        if self.reached <= self.floor or self.reached - self.below <= max(1, self.tolerance * self.reached):
            return None
        near = 1 + self.tolerance * 3 / 8  # a number that close to what was seen may come out the same
        inside = [number for number in self.likely if self.below * near < number < self.reached / near]
        return max(inside, default=(self.below + self.reached) // 2)

    def _higher(self) -> int | None:
        if not self.below:
            return self.start
        above = [number for number in self.steps if number > self.below * (1 + self.tolerance)]
        number = min(above, default=self.below * 2)
        return number if number <= self.ceiling else None
