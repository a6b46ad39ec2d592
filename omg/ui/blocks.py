"""Markdown as it streams: blocks that are finished, and a tail that may still change."""

from __future__ import annotations

import re

_FENCE = re.compile(r"\s*(?:(?:[-*+]|\d{1,9}[.)])\s+)*(`{3,}(?=[^`]*$)|~{3,})")
_LIST = re.compile(r" {0,3}(?:[-*+]|\d{1,9}[.)])(?:\s|$)")


class Blocks:
    """Splits a text that comes in pieces where Markdown lets it: the finished blocks and the tail are the text."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._partial = ""
        self._fence: str | None = None
        self._list = False
        """Whether the block under way began as a list."""

    @property
    def tail(self) -> str:
        """What is not finished yet."""
        return "".join(self._lines) + self._partial

    def feed(self, text: str) -> list[str]:
        """The blocks that `text` finishes."""
        *whole, self._partial = (self._partial + text).split("\n")
        return [block for line in whole if (block := self._line(line + "\n"))]

    def finish(self) -> str:
        """The rest; a next text begins anew."""
        rest = self.tail
        self.__init__()
        return rest

    def _line(self, line: str) -> str | None:
        """Take one whole line in; the block that it shows to be finished."""
        done = self._cut() if self._begins(line) else None
        if not self._lines:
            self._list = bool(_LIST.match(line))
        self._lines.append(line)
        self._fence = self._fence_after(line)
        return done

    def _begins(self, line: str) -> bool:
        """Whether `line` begins a block: it stands behind a blank line, at the margin, and belongs to no list."""
        if self._fence is not None or not self._lines or self._lines[-1].strip():
            return False
        if not line.strip() or not any(held.strip() for held in self._lines):
            return False
        return not line[0].isspace() and not (self._list and _LIST.match(line))

    def _cut(self) -> str:
        block = "".join(self._lines)
        self._lines = []
        return block

    def _fence_after(self, line: str) -> str | None:
        """The fence that is open behind `line`."""
        if self._fence is None:
            opened = _FENCE.match(line)
            return opened[1] if opened else None
        closing = line.strip()
        closed = len(closing) >= len(self._fence) and set(closing) == {self._fence[0]}
        return None if closed else self._fence
