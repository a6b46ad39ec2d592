"""Find a piece of text exactly once, or say in what way it is not there."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable

from omg.core.tool import ToolError

_MOST_COMPARED = 5000
"""Lines among which the most similar one is looked for."""


def places(body: str, old: str, *, everywhere: bool, shown: str) -> list[int]:
    """Where `old` is in `body`: one place, or all that do not overlap. Raises ToolError, saying where it is when that
    is more than once, and what is like it when it is nowhere."""
    found = _all(body, old, len(old) if everywhere else 1)
    if not found:
        raise ToolError(f"old is not in {shown}{_hint(body, old)}")
    if len(found) > 1 and not everywhere:
        lines = [line_at(body, at) for at in found]
        where = ", ".join(map(str, lines[:10])) + (", …" if len(lines) > 10 else "")
        raise ToolError(
            f"old is {len(found)} times in {shown}, at lines {where}: give more of the text around it, or all=true"
        )
    return found


def line_at(body: str, at: int) -> int:
    """The number of the line that character `at` is in, from 1."""
    return body.count("\n", 0, at) + 1


def _all(body: str, old: str, step: int) -> list[int]:
    found: list[int] = []
    at = body.find(old)
    while at >= 0:
        found.append(at)
        at = body.find(old, at + step)
    return found


def _hint(body: str, old: str) -> str:
    for alike, differs in (
        (_without_trailing, "white space at line ends"),
        (_without_indent, "indentation"),
        (_without_space, "white space"),
    ):
        line = _line_of(body, old, alike)
        if line:
            return f"; at line {line} there is the same but for its {differs}{_quoted(body, line)}"
    if "\ufffd" in old:
        return "; \ufffd stands for bytes that are not UTF-8: choose text without it"
    return _nearest(body, old)


def _without_trailing(text: str) -> str:
    return re.sub(r"[^\S\n]+$", "", text, flags=re.M)


def _without_indent(text: str) -> str:
    return re.sub(r"^[^\S\n]+", "", _without_trailing(text), flags=re.M)


def _without_space(text: str) -> str:
    return re.sub(r"[^\S\n]+", "", text)


def _line_of(body: str, old: str, alike: Callable[[str], str]) -> int:
    """The line where `old` is found once both are made `alike`, which keeps lines; 0 for nowhere."""
    wanted = alike(old).strip("\n")
    if not wanted.strip():
        return 0
    simple = alike(body)
    at = simple.find(wanted)
    return line_at(simple, at) if at >= 0 else 0


def _nearest(body: str, old: str) -> str:
    first = next((line.strip() for line in old.split("\n") if line.strip()), "")
    lines = [line.strip() for line in body.split("\n")[:_MOST_COMPARED]]
    like = difflib.get_close_matches(first[:500], [line[:500] for line in lines], n=1)
    if not first or not like:
        return ": read it again, and copy the text exactly"
    line = next(number for number, text in enumerate(lines, 1) if text[:500] == like[0])
    return f"; most like its beginning is line {line}{_quoted(body, line)}"


def _quoted(body: str, line: int) -> str:
    text = body.split("\n")[line - 1]
    return f": {text[:200]!r}"
