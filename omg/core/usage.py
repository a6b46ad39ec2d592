"""Usage: the tokens of one request or of many, by the class the provider bills them in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from omg.wire.request import Ttl

TTL_SECONDS: dict[Ttl, int] = {"5m": 300, "1h": 3600}


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens by class. `output` is None where a reply was cut and its length never told (unsettled)."""

    plain: int = 0
    read: int = 0
    write_5m: int = 0
    write_1h: int = 0
    output: int | None = 0

    @property
    def written(self) -> int:
        """Tokens written to the cache, in either ttl class."""
        return self.write_5m + self.write_1h

    @property
    def input(self) -> int:
        """All input tokens: plain, read and written."""
        return self.plain + self.read + self.written

    @property
    def ratio(self) -> float | None:
        """Read over written; None where nothing was written."""
        return self.read / self.written if self.written else None

    @property
    def hit(self) -> float | None:
        """The part of all input that was read from the cache; None where there was no input."""
        return self.read / self.input if self.input else None

    def unsettled(self) -> Usage:
        """The same input, with an output that nobody has told."""
        return replace(self, output=None)

    def __add__(self, other: Usage) -> Usage:
        unsettled = self.output is None or other.output is None
        return Usage(
            self.plain + other.plain,
            self.read + other.read,
            self.write_5m + other.write_5m,
            self.write_1h + other.write_1h,
            None if unsettled else (self.output or 0) + (other.output or 0),
        )

    def to_json(self) -> dict[str, int | None]:
        """The shape that scripts see."""
        return {
            "plain": self.plain,
            "read": self.read,
            "write_5m": self.write_5m,
            "write_1h": self.write_1h,
            "output": self.output,
        }


def total(usages: Iterable[Usage]) -> Usage:
    """The sum; its output is None as soon as one part's is."""
    return sum(usages, Usage())
