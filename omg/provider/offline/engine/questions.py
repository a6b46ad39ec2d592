"""Split a text into the several questions it lists."""

from __future__ import annotations

import re

_ITEM = re.compile(r"^\s*(?:\(?\d{1,2}[.)]|[-*•])\s+(\S.*?)\s*$")
_INLINE = re.compile(r"(?:^|(?<=\s))\(?\d{1,2}[.)]\s+")
_QUESTION_ENDS = re.compile(r"(?<=\?)\s+(?=\S)")
_MOST = 16
_LONGEST = 300


def listed(text: str) -> tuple[str, ...]:
    """The questions of a list (numbered, bulleted, a line each, or one after the other); () when there are
    not at least two, or more or longer ones than a person would list."""
    for split in (_items, _inline, _lines, _sentences):
        found = split(text)
        if 2 <= len(found) <= _MOST and all(len(item) <= _LONGEST for item in found):
            return tuple(dict.fromkeys(found))
    return ()


def _items(text: str) -> list[str]:
    matches = [(line, _ITEM.match(line)) for line in text.split("\n") if line.strip()]
    beside = [line for line, match in matches if match is None]
    # One line of introduction may stand before the list; more than that is prose with a list in it.
    if len(beside) > 1 or (beside and matches[0][1] is not None):
        return []
    return [match[1] for _, match in matches if match]


def _inline(text: str) -> list[str]:
    numbers = [int(re.sub(r"\D", "", mark)) for mark in _INLINE.findall(text)]
    if numbers != list(range(1, len(numbers) + 1)):
        return []
    return [piece.strip(" \n;,") for piece in _INLINE.split(text)[1:] if piece.strip()]


def _lines(text: str) -> list[str]:
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return lines if len(lines) > 1 and all(line.endswith("?") for line in lines) else []


def _sentences(text: str) -> list[str]:
    parts = [part.strip() for part in _QUESTION_ENDS.split(text)]
    return [part for part in parts if part.endswith("?")] if text.count("?") > 1 else []
