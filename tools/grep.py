"""Search the text of files."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from omg.core.tool import Context, Effect, Input, Result, SearchOutcome, Show, Tool, ToolError

_MOST_CONTEXT = 50


class GrepInput(Input):
    pattern: str
    path: str = "."
    glob: str = ""
    context: int = Field(0, strict=False)


class GrepTool(Tool[GrepInput]):
    """`grep`: lines that match, in the files that `glob` would list."""

    name: ClassVar[str] = "grep"
    description: ClassVar[str] = (
        "Search a file, or the files below a folder (.gitignore honoured), for lines that match a Python re. Answers "
        "path:line:text, sorted. glob, as in *.py or src/**/*.ts, narrows the files; context is lines around each."
    )
    effect: ClassVar[Effect] = "read"
    input = GrepInput

    def subject(self, given: GrepInput) -> str:
        return given.path

    async def run(self, given: GrepInput, context: Context) -> Result:
        if not 0 <= given.context <= _MOST_CONTEXT:
            raise ToolError(f"context is a number of lines, 0 to {_MOST_CONTEXT}")
        under = context.files.resolve(given.path)
        found = await context.files.search(given.pattern, under, _anywhere(given.glob), given.context)
        line = f"{given.pattern}, {_count(found)}"
        if not found.matches:
            return Result("no line matches", line)
        text = "\n".join(found.lines)
        if found.cut:
            text += f"\n[… of {_count(found)}; narrow pattern, path or glob]"
        return Result(text, line, (Show("text", text, given.pattern),))


def _anywhere(glob: str) -> str | None:
    """A glob without a folder means names in any folder, as in .gitignore."""
    return f"**/{glob}" if glob and "/" not in glob else glob or None


def _count(found: SearchOutcome) -> str:
    lines = "1 line" if found.matches == 1 else f"{found.matches} lines"
    return f"{lines} in {'1 file' if found.files == 1 else f'{found.files} files'}"


tool = GrepTool()
