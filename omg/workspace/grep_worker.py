"""Search files for a Python `re`, line by line: a program of its own, because a match cannot be interrupted.

Standard input: a Request in JSON and then file names, separated by NUL, relative to the working folder. Standard
output: an Answer in JSON. It keeps the first `matches` matches, or `bytes` bytes of text, and counts the rest. Only the
standard library: it starts in milliseconds.
"""

from __future__ import annotations

import codecs
import json
import os
import re
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypedDict

Entry = tuple[int, int, bool, str]
"""(index of the file, line number, whether it matches, text)"""
Search = Callable[[str], "re.Match[str] | None"]

_WHOLE = 16_000_000
"""Bytes of a file that is read at once; a longer one is read line by line."""
_HEAD = 8000
"""Bytes in which a NUL means a binary file: git's rule."""
_WIDEST = 400
"""Characters of a line that are shown."""
_LEAD = 100
"""Characters shown before the match where the line is cut."""


class Request(TypedDict):
    """What is asked: see the top of this file."""

    pattern: str
    context: int
    literals: list[str]
    matches: int
    bytes: int


class Answer(TypedDict):
    """What was found; `error` says why the pattern is none, and is empty when it is one."""

    error: str
    entries: list[Entry]
    matches: int
    files: int


def lines_of(name: bytes, literals: Sequence[bytes]) -> Iterable[str] | None:
    """The lines of a text file without their ends; None when it is binary, holds none of `literals`, or cannot be
    read (gone, not ours, a pipe): then there is nothing to find in it."""
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        try:
            if os.fstat(descriptor).st_size > _WHOLE:
                head = os.pread(descriptor, _HEAD, 0)
                return None if b"\0" in head else _streamed(os.fdopen(os.dup(descriptor), "rb"))
            data = file.read()
        except OSError:
            return None
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _split(data.decode("utf-16", "replace"))
    if b"\0" in data[:_HEAD] or (literals and not any(literal in data for literal in literals)):
        return None
    return _split(data.decode("utf-8", "replace"))


def _split(text: str) -> list[str]:
    lines = text.replace("\r\n", "\n").split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _streamed(file: Iterable[bytes]) -> Iterator[str]:
    for line in file:
        yield line.removesuffix(b"\r\n").removesuffix(b"\n").decode("utf-8", "replace")


def hits(lines: Iterable[str], search: Search, context: int) -> Iterator[tuple[int, bool, str]]:
    """(number, whether it matches, text) of the matching lines and of `context` lines around them."""
    before: deque[str] = deque(maxlen=context)
    after = 0
    for number, line in enumerate(lines, 1):
        match = search(line)
        if match:
            for back, text in enumerate(before):
                yield number - len(before) + back, False, cut(text, 0)
            before.clear()
            yield number, True, cut(line, match.start())
            after = context
        elif after:
            after -= 1
            yield number, False, cut(line, 0)
        elif context:
            before.append(line)


def cut(line: str, at: int) -> str:
    """`line` as it is shown: at most 400 characters, among them the one at `at`."""
    line = line.replace("\0", "\ufffd")
    if len(line) <= _WIDEST:
        return line
    start = max(0, min(at - _LEAD, len(line) - _WIDEST))
    left, right = "…" if start else "", "…" if start + _WIDEST < len(line) else ""
    return left + line[start : start + _WIDEST] + right


class Kept:
    """The first entries, up to a number of matches and of bytes; the rest is counted."""

    def __init__(self, matches: int, size: int) -> None:
        self.entries: list[Entry] = []
        self.matches = 0
        self._most, self._room = matches, size

    def add(self, entry: Entry, size: int) -> None:
        """Keep `entry`, which takes `size` bytes, unless something was left out already."""
        self.matches += entry[2]
        self._room -= size
        if self.matches > self._most:
            self._room = -1
        if self._room >= 0:
            self.entries.append(entry)


def answer(request: Request, names: Sequence[bytes]) -> Answer:
    """Search `names` and say what was found."""
    try:
        search = re.compile(request["pattern"]).search
    except (re.error, OverflowError, RecursionError) as error:
        return {"error": str(error) or type(error).__name__, "entries": [], "matches": 0, "files": 0}
    literals = [literal.encode() for literal in request["literals"]]
    kept = Kept(request["matches"], request["bytes"])
    files = 0
    for index, name in enumerate(names):
        before = kept.matches
        for number, is_match, text in hits(lines_of(name, literals) or (), search, request["context"]):
            kept.add((index, number, is_match, text), len(text))
        files += kept.matches > before
    return {"error": "", "entries": kept.entries, "matches": kept.matches, "files": files}


def main() -> None:
    """Answer the one request on standard input."""
    request, *names = sys.stdin.buffer.read().split(b"\0")
    json.dump(answer(json.loads(request), names), sys.stdout)


if __name__ == "__main__":
    main()
