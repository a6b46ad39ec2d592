"""The session log: one append-only file of checked lines. It is the agent's journal."""

from __future__ import annotations

import fcntl
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from types import TracebackType
from typing import Self

from omg.agent.journal import JournalError, Record
from omg.core.trouble import Trouble
from omg.session.bodies import Bodies
from omg.session.codec import BODY_END, encode, sealed_in

_CRC = b'{"crc":"'
_MORE = re.compile(rb'"more":(\d+),')
_BODY = len(_CRC) + 8 + 2
"""Where a line's checked bytes begin: behind the checksum's eight digits, a quote and a comma."""


class SessionBusy(Trouble):
    """Another process writes this session."""


@dataclass(frozen=True, slots=True)
class Damage:
    """A line that cannot be used: where it is, and why."""

    line: int
    offset: int
    why: str


@dataclass(frozen=True, slots=True)
class Line:
    """One readable line of a log: its number, its place, and its JSON object less the checksum.

    `more` lines follow that were written with it: either all of them happened, or none. `end` is the offset behind it.
    """

    number: int
    offset: int
    data: bytes
    end: int
    more: int = 0


@dataclass(frozen=True, slots=True)
class Covered:
    """The beginning of a log: its bytes, its lines, and the CRC-32 of it."""

    size: int = 0
    lines: int = 0
    crc: int = 0

    def and_then(self, line: bytes) -> Covered:
        """With one line more."""
        return Covered(self.size + len(line), self.lines + 1, zlib.crc32(line, self.crc))


def frame(record: Record, more: int = 0) -> bytes:
    """A record as one line: a JSON object whose first field is the CRC-32 of the rest. `more` follow it."""
    rest = (b'"more":%d,' % more if more else b"") + encode(record)[1:]
    return b'%s%08x",%s\n' % (_CRC, zlib.crc32(rest), rest)


def read_lines(path: Path) -> Iterator[Line | Damage]:
    """The lines of a log in order, each checked. A last line without its end is damage as well."""
    for number, offset, raw in raw_lines(path):
        yield checked(number, offset, raw)


def raw_lines(path: Path, number: int = 1, offset: int = 0) -> Iterator[tuple[int, int, bytes]]:
    """The lines of a log as they are, from line `number` at `offset` on: each one's number, offset and bytes."""
    with path.open("rb") as file:
        file.seek(offset)
        for raw in file:
            yield number, offset, raw
            number, offset = number + 1, offset + len(raw)


def checked(number: int, offset: int, raw: bytes) -> Line | Damage:
    """One line, held against its checksum."""
    rest = raw[_BODY:-1]
    if not raw.endswith(b"\n"):
        return Damage(number, offset, "torn: it ends in the middle")
    if not raw.startswith(_CRC) or raw[_BODY - 2 : _BODY] != b'",':
        return Damage(number, offset, "not a record")
    if raw[len(_CRC) : len(_CRC) + 8] != b"%08x" % zlib.crc32(rest):
        return Damage(number, offset, "damaged: its checksum differs")
    more = _MORE.match(rest)
    data = b"{" + rest[more.end() if more else 0 :]
    return Line(number, offset, data, offset + len(raw), int(more[1]) if more else 0)


class Log:
    """A log open for appending, locked against other processes."""

    def __init__(self, path: Path) -> None:
        """Open or create `path`. Raises SessionBusy while another process has it, JournalError when it cannot be."""
        self.path = path
        self._torn = False
        """Whether the file ends in half a line that could not be taken out."""
        self.covered: Covered | None = None
        """All that is in it; None while nobody has said what was there before. It grows with what is written."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            self.bodies = Bodies(path)
            """What reads the messages in it again."""
        except OSError as error:
            raise JournalError(f"cannot open the session log {path}: {error.strerror}") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise SessionBusy(
                f"session {path.stem} is open in another process: go on there, or fork it: `omg fork {path.stem} TASK`"
            ) from error
        if os.fstat(self._file).st_size == 0:
            self.covered = Covered()

    def write(self, *records: Record) -> None:
        """Append all of `records`, or none. Raises JournalError."""
        last = len(records) - 1
        lines = [frame(record, last - place) for place, record in enumerate(records)]
        lines = [b"\n", *lines] if self._torn else lines
        data, before = b"".join(lines), os.fstat(self._file).st_size
        try:
            written = 0
            while written < len(data):
                written += os.write(self._file, data[written:])
        except OSError as error:
            self._undo(before)
            raise JournalError(
                f"cannot write the session log {self.path}: {error.strerror}; make room to go on"
            ) from error
        self._count(before, lines)
        self._torn = False
        self._keep(records, before + len(data), lines)

    def _count(self, before: int, lines: Sequence[bytes]) -> None:
        covered = self.covered
        known = covered is not None and covered.size == before and not self._torn
        self.covered = reduce(Covered.and_then, lines, covered) if covered is not None and known else None

    def _keep(self, records: Sequence[Record], end: int, lines: Sequence[bytes]) -> None:
        """Let the nodes among `records`, whose lines end at `end`, know where they stand now."""
        for record, line in zip(reversed(records), reversed(lines), strict=False):
            node = sealed_in(record)
            if node is not None:
                node.keep(self.bodies, end - BODY_END - node.length)
            end -= len(line)

    def _undo(self, size: int) -> None:
        """Take a half-written line out again. Where even that fails, the next record begins on a line of its own, and
        reading passes the torn one over."""
        try:
            os.ftruncate(self._file, size)
        except OSError:
            self._torn = True

    def sync(self) -> None:
        """Make what was written safe from the death of the machine."""
        try:
            os.fdatasync(self._file)
        except OSError as error:
            raise JournalError(f"cannot sync the session log {self.path}: {error.strerror}") from error

    def set_aside(self, damage: Damage) -> Path:
        """Move a torn end of the log into a file beside it, so that the next record begins on a line of its own.

        Raises JournalError, and then the log is as it was.
        """
        aside = self.path.with_suffix(f".torn-{damage.offset}")
        try:
            size = os.fstat(self._file).st_size
            aside.touch(mode=0o600)
            aside.write_bytes(os.pread(self._file, size - damage.offset, damage.offset))
            os.ftruncate(self._file, damage.offset)
        except OSError as error:
            raise JournalError(f"cannot set the torn end of {self.path} aside: {error.strerror}") from error
        return aside

    def close(self) -> None:
        """Close the file, and give the lock back: a command that is just being started may hold a copy of the file."""
        fcntl.flock(self._file, fcntl.LOCK_UN)
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
