"""Run a command."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from omg.core.tool import Context, Effect, Input, Result, ShellOutcome, Show, Tool, ToolError

_LONGEST = 3600


class ShellInput(Input):
    command: str
    timeout: int = Field(120, strict=False, description="seconds")
    background: bool = Field(False, strict=False)


class ShellTool(Tool[ShellInput]):
    """`shell`: bash, without a terminal."""

    name: ClassVar[str] = "shell"
    description: ClassVar[str] = (
        "Run a bash command in the working folder, without a terminal or input. Each call is a new shell. "
        "The middle of long output is cut, and all of it kept in a file that is named."
    )
    effect: ClassVar[Effect] = "run"
    input = ShellInput

    def subject(self, given: ShellInput) -> str:
        return given.command

    def preview(self, given: ShellInput, context: Context) -> Show | None:
        return Show("code", given.command, "shell")

    async def run(self, given: ShellInput, context: Context) -> Result:
        if given.background:
            raise ToolError("background is not available yet: run it in the foreground, with a timeout that fits")
        if not 1 <= given.timeout <= _LONGEST:
            raise ToolError(f"timeout is in seconds, 1 to {_LONGEST}")
        if not given.command.strip():
            raise ToolError("the command is empty")
        outcome = await context.shell.run(given.command, given.timeout, context)
        ending = _ending(outcome, given.timeout)
        output = outcome.output.removesuffix("\n")
        text = "\n".join(filter(None, (output, ending and f"[{ending}]"))) or "[no output]"
        line = f"{_first_line(given.command)}, {ending or 'done'}"
        return Result(text, line, (Show("text", text, given.command),), is_error=outcome.status is None)


def _ending(outcome: ShellOutcome, timeout: int) -> str:
    if outcome.status is None:
        return f"killed after {timeout} s"
    if outcome.status < 0:
        return f"ended by signal {-outcome.status}"
    return f"exit status {outcome.status}" if outcome.status else ""


def _first_line(command: str, most: int = 80) -> str:
    first, more, _ = command.strip().partition("\n")
    return first[:most] + ("…" if more or len(first) > most else "")


tool = ShellTool()
