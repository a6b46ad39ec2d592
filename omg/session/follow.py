"""Reading on in a log from where the last reading ended."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from omg.session.log import Damage, Line, checked, raw_lines

_MARK = 64
"""Bytes at a file's beginning, where its first record has its checksum, and as many before a place, that tell whether
it is still the one that was read: logs often end alike."""
_BEGINNING = b'{"crc":"'


@dataclass(frozen=True, slots=True)
class Place:
    """How far a log was read: `offset` bytes, behind whole records, and a checksum of the first bytes and the last."""

    offset: int = 0
    mark: int = 0


def place(path: Path, offset: int) -> Place:
    """The place `offset` bytes into the file at `path`. Raises OSError."""
    with path.open("rb") as file:
        first = zlib.crc32(file.read(min(_MARK, offset)))
        start = max(0, offset - _MARK)
        file.seek(start)
        return Place(offset, zlib.crc32(file.read(offset - start), first))


def goes_on(path: Path, last: Place) -> bool:
    """Whether the file still holds what was read up to `last`. Raises OSError."""
    return path.stat().st_size >= last.offset and place(path, last.offset) == last


def is_log(path: Path) -> bool:
    """Whether a file begins like a log. Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(_BEGINNING)) == _BEGINNING


def read_on(path: Path, start: int) -> Iterator[tuple[list[bytes], int]]:
    """The records from byte `start` on, as JSON: those that were written together, together, and where they end.

    What is damaged is passed over. An end that is torn, or still being written, is left for the next time. Raises
    OSError.
    """
    together: list[bytes] = []
    for number, offset, raw in raw_lines(path, offset=start):
        if not raw.endswith(b"\n"):
            return
        line = checked(number, offset, raw)
        if isinstance(line, Line):
            together.append(line.data)
        if isinstance(line, Damage) or line.more == 0:
            yield together, offset + len(raw)
            together = []
