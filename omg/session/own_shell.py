"""A shell command of the person's own: run as they typed it, and told to the model with their next words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from omg.agent.dispatch import CallContext, Reports
from omg.core.tool import ShellOutcome, ToolError
from omg.session.conversation import Conversation
from omg.workspace.shell import BranchShell

_LONGEST = 24 * 3600.0
"""Seconds: a person ends their command themselves."""


async def run_own(
    conversation: Conversation, command: str, output: Callable[[str], None], *, tell: bool
) -> ShellOutcome:
    """Run `command` in the folder, streaming to `output`. With `tell`, it and its output go before the model with the
    person's next words. Raises ToolError when it cannot start; cancelled, the command is ended and nothing told."""
    runtime = conversation.agent.runtime
    shell = BranchShell(runtime.folder, runtime.outputs)
    context = CallContext(conversation.agent.live("main").files, shell, output, _no_forks)
    outcome = await shell.run(command, _LONGEST, context)
    if tell:
        text = outcome.output.strip("\n") or "(no output)"
        conversation.notes.append(runtime.catalog.say("ran", command=command, status=str(outcome.status), output=text))
    return outcome


async def _no_forks(tasks: Sequence[str]) -> Reports:
    raise ToolError("a command of the person's own makes no forks")
