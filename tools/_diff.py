"""The difference between two texts, for people."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from omg.core.tool import Show

from ._text import lines_of

_AROUND = 3
_MOST = 3000
"""Lines between the first and the last change, beyond which matching them up takes too long to wait for."""
_HUNK = re.compile(r"@@ -(\d+)(.*) \+(\d+)(.*) @@")


@dataclass(frozen=True, slots=True)
class Diff:
    """A unified diff, and how many lines it adds and removes."""

    show: Show
    added: int
    removed: int

    @property
    def sum(self) -> str:
        """As people read it: "+3 −1"."""
        return f"+{self.added} −{self.removed}"


def diff(before: str, after: str, path: str) -> Diff:
    """The unified diff from `before` to `after`, the texts of the file shown as `path`."""
    lines = list(_unified(lines_of(before), lines_of(after)))
    added = sum(line.startswith("+") for line in lines)
    removed = sum(line.startswith("-") for line in lines)
    return Diff(Show("diff", "".join(map(_ended, lines)), path), added, removed)


def _unified(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """Hunks, found in what lies between the first and the last change only."""
    most = min(len(before), len(after))
    head = next((at for at in range(most) if before[at] != after[at]), most)
    tail = next((at for at in range(most - head) if before[-1 - at] != after[-1 - at]), most - head)
    start, rest = max(0, head - _AROUND), max(0, tail - _AROUND)
    old, new = before[start : len(before) - rest], after[start : len(after) - rest]
    if max(len(old), len(new)) > _MOST:
        yield f"@@ -{start + 1},{len(old)} +{start + 1},{len(new)} @@\n"
        yield from (f"-{line}" for line in old)
        yield from (f"+{line}" for line in new)
        return
    for line in list(difflib.unified_diff(old, new, n=_AROUND))[2:]:
        yield _HUNK.sub(lambda hunk: _moved(hunk, start), line) if line.startswith("@@") else line


def _moved(hunk: re.Match[str], by: int) -> str:
    return f"@@ -{int(hunk[1]) + by}{hunk[2]} +{int(hunk[3]) + by}{hunk[4]} @@"


def _ended(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
