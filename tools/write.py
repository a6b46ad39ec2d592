"""Write a whole file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from omg.core.tool import Context, Effect, Files, Input, NoSuchFile, Result, Show, Tool, ToolError

from ._diff import Diff, diff
from ._fresh import refuse_stale
from ._text import Text, decode, lines_of, plain, readable, refuse_broken


class WriteInput(Input):
    path: str
    content: str


class WriteTool(Tool[WriteInput]):
    """`write`: create a file, or replace one that was read. A replaced file keeps its encoding and line ends."""

    name: ClassVar[str] = "write"
    description: ClassVar[str] = "Create a file with its folders, or replace one that you have read."
    effect: ClassVar[Effect] = "write"
    input = WriteInput

    def subject(self, given: WriteInput) -> str:
        return given.path

    def preview(self, given: WriteInput, context: Context) -> Show | None:
        try:
            return _plan(given, context.files).diff.show
        except ToolError:  # it will be said when it runs
            return None

    async def run(self, given: WriteInput, context: Context) -> Result:
        plan = _plan(given, context.files)
        context.files.write(plan.path, plan.data)
        shown, lines = context.files.shown(plan.path), len(lines_of(given.content))
        did = "created" if plan.created else "replaced"
        text = f"{did} {shown}, {'1 line' if lines == 1 else f'{lines} lines'}"
        return Result(text, f"{did} {shown} {plan.diff.sum}", (plan.diff.show,))


@dataclass(frozen=True, slots=True)
class _Plan:
    path: Path
    data: bytes
    diff: Diff
    created: bool


def _plan(given: WriteInput, files: Files) -> _Plan:
    """What would be written. Raises ToolError when it must not be."""
    refuse_broken(given.content, "content")
    path = files.resolve(given.path)
    shown = files.shown(path)
    try:
        data = files.read(path)
    except NoSuchFile:
        return _Plan(path, given.content.encode(), diff("", given.content, shown), created=True)
    refuse_stale(files, path, data)
    before = decode(data, shown)
    change = diff(readable(before.body), plain(given.content), shown)
    return _Plan(path, before.encode(_with_ends_of(before, given.content)), change, created=False)


def _with_ends_of(before: Text, content: str) -> str:
    """`content` with the line ends of the file it replaces, unless it brings `\\r\\n` of its own."""
    return content if "\r\n" in content else content.replace("\n", before.newline)


tool = WriteTool()
