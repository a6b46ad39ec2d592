"""Find files by name."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from omg.core.tool import Context, Effect, Input, Result, Show, Tool, ToolError

_MOST = 500
"""Paths in one answer."""


class GlobInput(Input):
    pattern: str
    path: str = "."


class GlobTool(Tool[GlobInput]):
    """`glob`: the files below a folder whose path from there matches."""

    name: ClassVar[str] = "glob"
    description: ClassVar[str] = (
        "List the files below the folder path that match, .gitignore honoured, sorted. "
        "* stays in one folder, ** crosses folders: **/*.py"
    )
    effect: ClassVar[Effect] = "read"
    input = GlobInput

    def subject(self, given: GlobInput) -> str:
        return given.path

    async def run(self, given: GlobInput, context: Context) -> Result:
        if given.pattern.startswith("/") or ".." in given.pattern.split("/"):
            raise ToolError("the pattern starts from path: give the folder as path, and a pattern within it")
        files = context.files
        found = await asyncio.to_thread(files.listing, files.resolve(given.path), given.pattern)
        line = f"{given.pattern}, {'1 file' if len(found) == 1 else f'{len(found)} files'}"
        if not found:
            return Result(f"no file matches {given.pattern}{_hint(given.pattern)}", line)
        text = "\n".join(map(files.shown, found[:_MOST]))
        if len(found) > _MOST:
            text += f"\n[… {len(found) - _MOST} more; narrow the pattern or path]"
        return Result(text, line, (Show("text", text, given.pattern),))


def _hint(pattern: str) -> str:
    return "" if "**" in pattern else f"; in all folders below: **/{pattern}"


tool = GlobTool()
