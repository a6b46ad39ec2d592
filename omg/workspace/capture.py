"""A command's output as it comes: streamed, its ends kept for the model, all of it in a file when it is long."""

from __future__ import annotations

import codecs
import contextlib
import hashlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from omg.workspace.oswords import words

SHOWN = 30_000
"""Bytes of output that are shown whole; of more, the first and the last half of this."""
MOST = 100_000_000
"""Bytes after which a command is ended: nobody reads that much, and a disk is soon full."""


class Capture:
    """Takes bytes, streams text. Until `SHOWN` bytes it holds them, then it spills into a file in `folder`, named by
    what is in it, so that the name says nothing of the time or the session."""

    def __init__(self, folder: Path, stream: Callable[[str], None]) -> None:
        self.total = 0
        self._folder, self._stream = folder, stream
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._head, self._tail = bytearray(), bytearray()
        self._lines = 0
        self._hash = hashlib.sha256()
        self._spill: BinaryIO | None = None
        self._spilled_to = folder / f".{secrets.token_hex(8)}.tmp"
        self._trouble = ""

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        if self.total + len(data) > SHOWN:
            self._overflow(data)
        self._head += data[: max(0, SHOWN - self.total)]
        self.total += len(data)
        self._lines += data.count(b"\n")
        self._hash.update(data)
        text = self._decode(data)
        if text:
            self._stream(text)

    def finish(self) -> tuple[str, Path | None]:
        """The text for the model, and where all of it is when that text is cut."""
        if self.total <= SHOWN:
            return _text(self._head), None
        kept = self._keep()
        half = SHOWN // 2
        head, tail = _whole_lines(bytes(self._head[:half]), bytes(self._tail[-half:]))
        lines = self._lines - head.count(b"\n") - tail.count(b"\n")
        what = f"{lines} lines" if lines > 0 else f"{self.total - len(head) - len(tail)} bytes"
        where = f"all of it in {kept}" if kept else f"they could not be kept: {self._trouble}"
        return f"{_text(head).rstrip()}\n[… {what} cut; {where}]\n{_text(tail)}", kept

    def discard(self) -> None:
        """Let go of what was spilled and not kept."""
        if self._spill:
            with contextlib.suppress(OSError):  # a full disk refuses what is still buffered, too
                self._spill.close()
            self._spill = None
            self._spilled_to.unlink(missing_ok=True)

    def _overflow(self, data: bytes) -> None:
        if not self._tail:
            self._tail += self._head
            self._spill_more(self._head, first=True)
        self._spill_more(data)
        self._tail += data
        del self._tail[: -SHOWN // 2]

    def _spill_more(self, data: bytes | bytearray, *, first: bool = False) -> None:
        try:
            if first:
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                descriptor = os.open(self._spilled_to, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
                self._spill = os.fdopen(descriptor, "wb")
            if self._spill:
                self._spill.write(data)
        except OSError as error:
            self._give_up(error)

    def _keep(self) -> Path | None:
        if self._spill is None:
            return None
        kept = self._folder / f"{self._hash.hexdigest()[:16]}.txt"
        try:
            self._spill.close()
            self._spilled_to.replace(kept)
        except OSError as error:
            self._give_up(error)
            return None
        self._spill = None
        return kept

    def _give_up(self, error: OSError) -> None:
        """The command's outcome matters more than its log: go on without."""
        self._trouble = words(error)
        self.discard()


def _whole_lines(head: bytes, tail: bytes) -> tuple[bytes, bytes]:
    """`head` up to its last line end, `tail` from behind its first: where they have one."""
    last, first = head.rfind(b"\n"), tail.find(b"\n")
    return head[: last + 1] or head, tail[first + 1 :] or tail


def _text(data: bytes | bytearray) -> str:
    # A NUL is text to no one further on.
    return data.decode("utf-8", "replace").replace("\0", "\ufffd")
