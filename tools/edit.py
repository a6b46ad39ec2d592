"""Replace a piece of text in a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from omg.core.tool import Context, Effect, Files, Input, Result, Show, Tool, ToolError

from ._diff import Diff, diff
from ._fresh import refuse_stale
from ._match import line_at, places
from ._text import Text, decode, lines_of, plain, readable, refuse_broken

_AROUND = 2
"""Lines shown before and behind what was changed."""
_MOST = 20
"""Lines shown of it in all: the model has just written them."""


class EditInput(Input):
    path: str
    old: str
    new: str
    all: bool = Field(False, strict=False)


class EditTool(Tool[EditInput]):
    """`edit`: everything but the replaced text stays as it is, byte for byte."""

    name: ClassVar[str] = "edit"
    description: ClassVar[str] = (
        "Replace old by new in a file that you have read. old is its exact text, indentation included, and enough of "
        "it to be there once; with all, every time it is there."
    )
    effect: ClassVar[Effect] = "write"
    input = EditInput

    def subject(self, given: EditInput) -> str:
        return given.path

    def preview(self, given: EditInput, context: Context) -> Show | None:
        try:
            return _plan(given, context.files).diff.show
        except ToolError:  # it will be said when it runs
            return None

    async def run(self, given: EditInput, context: Context) -> Result:
        plan = _plan(given, context.files)
        context.files.write(plan.path, plan.data)
        shown = context.files.shown(plan.path)
        return Result(f"edited {shown} {plan.told}", f"edit {shown} {plan.diff.sum}", (plan.diff.show,))


@dataclass(frozen=True, slots=True)
class _Plan:
    path: Path
    data: bytes
    diff: Diff
    told: str
    """Where it is changed, and what that looks like then."""


def _plan(given: EditInput, files: Files) -> _Plan:
    """What would be written. Raises ToolError when it cannot or must not be."""
    old, new = _checked(given)
    path = files.resolve(given.path)
    shown = files.shown(path)
    data = files.read(path)
    refuse_stale(files, path, data)
    text = decode(data, shown)
    found = places(text.body, old, everywhere=given.all, shown=shown)
    raw = _replaced(text, found, len(old), new)
    after = plain(raw)
    told = _told(after, [at + index * (len(new) - len(old)) for index, at in enumerate(found)], new)
    change = diff(readable(text.body), readable(after), shown)
    return _Plan(path, text.encode(raw), change, readable(told))


def _checked(given: EditInput) -> tuple[str, str]:
    refuse_broken(given.old, "old")
    refuse_broken(given.new, "new")
    old, new = plain(given.old), plain(given.new)
    if not old:
        raise ToolError("old is empty: give the text to replace, or use write for a new file")
    if old == new:
        raise ToolError("old and new are the same")
    return old, new


def _replaced(text: Text, found: Sequence[int], length: int, new: str) -> str:
    """The raw text with `new` at each place; the line ends of `new` are those of what it replaces, else the file's."""
    parts: list[str] = []
    done = 0
    for at in found:
        start, end = text.raw_at(at), text.raw_at(at + length)
        gone = text.raw[start:end]
        newline = "\r\n" if "\r\n" in gone else "\n" if "\n" in gone else text.newline
        parts += (text.raw[done:start], new.replace("\n", newline))
        done = end
    return "".join((*parts, text.raw[done:]))


def _told(after: str, starts: Sequence[int], new: str) -> str:
    """The lines that changed, and the first of them with their surroundings."""
    lines = [line_at(after, at) for at in starts]
    first, last = lines[0], lines[0] + new.count("\n")
    numbers = ", ".join(map(str, lines[:20])) + (", …" if len(lines) > 20 else "")
    where = f"at lines {numbers}" if len(lines) > 1 else f"at line {first}"
    top = max(1, first - _AROUND)
    near = lines_of(after)[top - 1 : min(last + _AROUND, top - 1 + _MOST)]
    return f"{where}; now:\n{''.join(near)}" if near else f"{where}; it is empty now"


tool = EditTool()
