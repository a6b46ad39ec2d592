"""Where vim's motions lead: pure, on a text and an offset into it. Offsets are in characters, from 0 to the length."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Span = Literal["to", "onto", "lines"]
"""What an operator takes with a motion: up to its end, with the character there, or whole lines."""


@dataclass(frozen=True, slots=True)
class Motion:
    """`go(text, at, count)` is the offset that it leads to."""

    go: Callable[[str, int, int], int]
    span: Span = "to"


def line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def line_end(text: str, at: int) -> int:
    """The offset of the line's new line, or the end of the text."""
    found = text.find("\n", at)
    return len(text) if found < 0 else found


def indent(text: str, at: int) -> int:
    """The first character of the line that is no space."""
    start, end = line_start(text, at), line_end(text, at)
    while start < end and text[start] in " \t":
        start += 1
    return start


def _left(text: str, at: int, count: int) -> int:
    return max(line_start(text, at), at - count)


def _right(text: str, at: int, count: int) -> int:
    return min(line_end(text, at), at + count)


def _vertical(text: str, at: int, count: int) -> int:
    """`count` lines down (up below 0), as near to the same column as the line there allows."""
    column = at - line_start(text, at)
    for _ in range(abs(count)):
        if count > 0:
            end = line_end(text, at)
            if end == len(text):
                break
            at = end + 1
        else:
            start = line_start(text, at)
            if start == 0:
                break
            at = line_start(text, start - 1)
    start = line_start(text, at)
    return min(start + column, line_end(text, start))


def kind(character: str) -> int:
    """0: space, 1: word, 2: anything else. A word, to vim, is a run of one of the last two."""
    return 0 if character.isspace() else 1 if character.isalnum() or character == "_" else 2


def _word(text: str, at: int, count: int) -> int:
    for _ in range(count):
        here = kind(text[at]) if at < len(text) else 0
        while here and at < len(text) and kind(text[at]) == here:
            at += 1
        while at < len(text) and kind(text[at]) == 0:
            at += 1
    return at


def _back(text: str, at: int, count: int) -> int:
    for _ in range(count):
        while at > 0 and kind(text[at - 1]) == 0:
            at -= 1
        here = kind(text[at - 1]) if at > 0 else 0
        while at > 0 and kind(text[at - 1]) == here:
            at -= 1
    return at


def word_end(text: str, at: int, count: int) -> int:
    for _ in range(count):
        at += 1
        while at < len(text) and kind(text[at]) == 0:
            at += 1
        here = kind(text[at]) if at < len(text) else 0
        while at + 1 < len(text) and kind(text[at + 1]) == here:
            at += 1
    return max(0, min(at, len(text) - 1))


def _line(text: str, at: int, count: int) -> int:
    """The line number `count`, from 1; the last one where there are fewer."""
    at = 0
    for _ in range(count - 1):
        end = line_end(text, at)
        if end == len(text):
            break
        at = end + 1
    return indent(text, at)


def _end_of_line(text: str, at: int, count: int) -> int:
    """The last character of the line, `count` - 1 lines on."""
    at = _vertical(text, at, count - 1) if count > 1 else at
    return max(line_start(text, at), line_end(text, at) - 1)


MOTIONS: dict[str, Motion] = {
    "h": Motion(_left),
    "left": Motion(_left),
    "backspace": Motion(_left),
    "l": Motion(_right),
    "right": Motion(_right),
    "space": Motion(_right),
    "j": Motion(_vertical, "lines"),
    "down": Motion(_vertical, "lines"),
    "k": Motion(lambda text, at, count: _vertical(text, at, -count), "lines"),
    "up": Motion(lambda text, at, count: _vertical(text, at, -count), "lines"),
    "w": Motion(_word),
    "b": Motion(_back),
    "e": Motion(word_end, "onto"),
    "0": Motion(lambda text, at, count: line_start(text, at)),
    "home": Motion(lambda text, at, count: line_start(text, at)),
    "^": Motion(lambda text, at, count: indent(text, at)),
    "$": Motion(_end_of_line, "onto"),
    "end": Motion(_end_of_line, "onto"),
    "gg": Motion(_line, "lines"),
    "G": Motion(_line, "lines"),
}
