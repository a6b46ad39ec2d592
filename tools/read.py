"""Read a text file, or a page of its lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from omg.core.tool import Context, Effect, Input, Result, Show, Tool, ToolError

from ._text import decode, lines_of, plain, readable

_MOST = 64_000
"""Bytes of text in one answer."""
_WIDEST = 20_000
"""Characters of one line; only generated files have longer ones."""


class ReadInput(Input):
    path: str
    offset: int = Field(1, strict=False, description="first line")
    limit: int = Field(2000, strict=False, description="lines")


class ReadTool(Tool[ReadInput]):
    """`read`: the text as it is. Line numbers would cost a sixth more tokens in every later request."""

    name: ClassVar[str] = "read"
    description: ClassVar[str] = "Read a text file, page by page when it is long."
    effect: ClassVar[Effect] = "read"
    input = ReadInput

    def subject(self, given: ReadInput) -> str:
        return given.path

    async def run(self, given: ReadInput, context: Context) -> Result:
        if given.offset < 1 or given.limit < 1:
            raise ToolError("offset and limit count lines, from 1")
        path = context.files.resolve(given.path)
        shown = context.files.shown(path)
        data = context.files.read(path)
        lines = lines_of(readable(plain(decode(data, shown).raw)))
        if given.offset > max(len(lines), 1):
            raise ToolError(f"{shown} has {_count(len(lines))}: offset {given.offset} is behind its end")
        context.files.see(path, data)
        if not lines:
            return Result(f"[{shown} is empty]", f"{shown}, empty")
        return _page(shown, lines, given.offset, given.limit)


def _page(shown: str, lines: Sequence[str], first: int, limit: int) -> Result:
    kept: list[str] = []
    room = _MOST
    for line in lines[first - 1 : first - 1 + limit]:
        line = _bearable(line)
        room -= len(line.encode())
        if room < 0 and kept:
            break
        kept.append(line)
    text, last = "".join(kept), first + len(kept) - 1
    part = f"lines {first}-{last} of {len(lines)}"
    whole = len(kept) == len(lines)
    show = Show("code", text, shown)
    if last < len(lines):
        text += f"[{part}; go on with offset={last + 1}]"
    return Result(text, f"{shown}, {_count(len(lines)) if whole else part}", (show,))


def _bearable(line: str) -> str:
    text = line.removesuffix("\n")
    if len(text) <= _WIDEST:
        return line
    return f"{text[:_WIDEST]}[… {len(text) - _WIDEST} more characters in this line]\n"


def _count(lines: int) -> str:
    return "1 line" if lines == 1 else f"{lines} lines"


tool = ReadTool()
