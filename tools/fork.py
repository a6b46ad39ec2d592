"""Fork this agent."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from omg.core.tool import Context, Effect, Input, Result, Show, Tool, ToolError


class ForkInput(Input):
    tasks: list[str]
    write: bool = Field(False, strict=False)


class ForkTool(Tool[ForkInput]):
    """`fork`: one branch for each task, side by side; waits for their reports."""

    name: ClassVar[str] = "fork"
    description: ClassVar[str] = (
        "Fork yourself once per task. The forks work in parallel, know all that you know now, read only, and report "
        "back to you. For investigations that do not need each other."
    )
    effect: ClassVar[Effect] = "fork"
    input = ForkInput

    def subject(self, given: ForkInput) -> str:
        return ""

    async def run(self, given: ForkInput, context: Context) -> Result:
        if given.write:
            raise ToolError(
                "write is not available yet: forks read only; let them report, and make the change yourself"
            )
        tasks = [task.strip() for task in given.tasks]
        if not tasks or not all(tasks):
            raise ToolError("tasks needs at least one task, and none may be empty")
        text = await context.fork(tasks)
        line = "1 fork" if len(tasks) == 1 else f"{len(tasks)} forks"
        return Result(text, f"{line} done", (Show("text", text, line),))


tool = ForkTool()
