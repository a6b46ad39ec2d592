"""Read a regular file, whole or its beginning, and nothing else: no folder, no pipe that never ends, no flood."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from omg.core.tool import ToolError

MOST = 50_000_000
"""Bytes: what is longer is refused. It would never fit a prompt, and `grep` goes through it line by line."""

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def read_regular(path: Path, shown: str) -> bytes:
    """The bytes at `path`. Raises OSError, and ToolError for what is no regular file or too large."""
    with _opened(path, shown) as file:
        data = file.read(MOST + 1)
    if len(data) > MOST:
        raise _too_large(shown, path.stat().st_size)
    return data


def read_beginning(path: Path, most: int) -> tuple[bytes, int]:
    """The first bytes at `path`, no more than `most`, and how many there are in all. Raises as `read_regular`."""
    with _opened(path, str(path)) as file:
        return file.read(most), os.fstat(file.fileno()).st_size


@contextmanager
def _opened(path: Path, shown: str) -> Generator[BinaryIO]:
    refuse_unless_regular(path.stat(), path, shown)
    # Between the look and the opening it may have become a pipe: opening must not wait for a writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        refuse_unless_regular(os.fstat(descriptor), path, shown)
        yield file


def refuse_unless_regular(found: os.stat_result, path: Path, shown: str) -> None:
    """Raise ToolError, saying what it is and what to do, unless `found` is a regular file of bearable size."""
    if stat.S_ISDIR(found.st_mode):
        raise ToolError(f"{shown} is a folder: use glob to list it. It holds {_entries(path)}")
    if not stat.S_ISREG(found.st_mode):
        raise ToolError(f"{shown} is {_KINDS.get(stat.S_IFMT(found.st_mode), 'special')}, not a regular file")
    if found.st_size > MOST:
        raise _too_large(shown, found.st_size)


def _too_large(shown: str, size: int) -> ToolError:
    return ToolError(f"{shown} is too large ({size} bytes): use grep, or head, tail or sed in the shell")


def _entries(path: Path, most: int = 20) -> str:
    with os.scandir(path) as found:
        names = sorted(entry.name + ("/" if entry.is_dir(follow_symlinks=False) else "") for entry in found)
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) + rest) or "nothing"
