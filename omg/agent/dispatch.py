"""Tool calls: each is allowed or refused, run beside the others, and its result recorded before anybody uses it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from omg.agent.compose import OpenCall
from omg.agent.journal import CallDone, RuleGranted
from omg.agent.live import Live
from omg.agent.offer import rule_for
from omg.agent.permit import (
    Answer,
    Policy,
    Question,
    Subject,
    command_subject,
    covered,
    matches,
    parse_rule,
    path_subject,
)
from omg.agent.runtime import Runtime
from omg.core.events import Decision, Permission, ToolCalled, ToolOutput, ToolResult
from omg.core.tool import AnyTool, Input, Result, Shell, Show, ToolError
from omg.workspace.bash import simple_command, simple_commands
from omg.workspace.files import BranchFiles
from omg.workspace.shell import BranchShell

ForkCall = Callable[[Live, str, Sequence[str]], Awaitable["Reports"]]
"""Forks a branch for one of its calls (by id) and waits for the reports."""


@dataclass(frozen=True, slots=True)
class Reports:
    """What a fork call came to: the reports as one text, and the children they are of."""

    text: str
    children: tuple[str, ...]


@dataclass(slots=True)
class CallContext:
    """What one running call may reach."""

    files: BranchFiles
    shell: Shell
    emit_output: Callable[[str], None]
    forker: Callable[[Sequence[str]], Awaitable[Reports]]
    joins: tuple[str, ...] = ()

    def output(self, text: str) -> None:
        self.emit_output(text)

    async def fork(self, tasks: Sequence[str]) -> str:
        reports = await self.forker(tasks)
        self.joins = reports.children
        return reports.text


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Runs the calls of one branch."""

    runtime: Runtime
    live: Live
    policy: Callable[[], Policy]
    fork: ForkCall

    async def run_all(self, calls: Sequence[OpenCall], broken: frozenset[str]) -> None:
        """Run `calls` side by side and record a result for each; when this is cancelled, for each as well."""
        tasks = [asyncio.create_task(self._run(call, call.id in broken)) for call in calls]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, call: OpenCall, broken: bool) -> None:
        now = self.runtime.clock()
        self.runtime.emit(ToolCalled(branch=self.live.name, at=now, id=call.id, name=call.name, input=call.input))
        context = self._context(call)
        seen = dict(self.live.files.seen)
        try:
            result = await self._result(call, broken, context)
        except asyncio.CancelledError:
            self._record(call, context, seen, self._interrupted(call))
            raise
        self._record(call, context, seen, result)

    def _interrupted(self, call: OpenCall) -> Result:
        waits = call.name == "fork"
        text = self.runtime.catalog.say("detached" if waits else "interrupted")
        return Result(text, line="still running" if waits else "interrupted", is_error=not waits)

    def _record(self, call: OpenCall, context: CallContext, before: dict[str, str], result: Result) -> None:
        now, seen = self.runtime.clock(), self.live.files.seen
        learnt = {path: hash for path, hash in seen.items() if before.get(path) != hash}
        done = CallDone(
            at=now,
            branch=self.live.name,
            id=call.id,
            text=result.text,
            is_error=result.is_error,
            line=result.line,
            seen=learnt,
            joins=context.joins,
            replaced=context.files.replaced,
        )
        self.runtime.record(done)
        self.runtime.emit(
            ToolResult(
                branch=self.live.name,
                at=now,
                id=call.id,
                is_error=result.is_error,
                text=result.text,
                name=call.name,
                line=result.line,
                shows=result.shows,
            )
        )

    def _context(self, call: OpenCall) -> CallContext:
        def output(text: str) -> None:
            self.runtime.emit(ToolOutput(branch=self.live.name, at=self.runtime.clock(), id=call.id, text=text))

        shell = BranchShell(self.runtime.folder, self.runtime.outputs)
        return CallContext(self._files(call), shell, output, lambda tasks: self.fork(self.live, call.id, tasks))

    def _files(self, call: OpenCall) -> BranchFiles:
        """The branch's files for one call, for a tool that reads without those that a rule keeps from it."""
        tool, files = self.runtime.catalog.tools.get(call.name), self.live.files.keeping(self.runtime.kept)
        rules = self.policy().against(tool.name, tool.effect) if tool is not None and tool.effect == "read" else ()
        if not rules:
            return files

        folders = self._folders()

        def hidden(path: str) -> bool:
            parts = path_subject(Path(path), *folders).parts
            return any(matches(rule, parts) for rule in rules)

        return files.hiding(hidden)

    def _folders(self) -> tuple[Path, Path]:
        """The folders that rules may name a file from: the branch's own, and the root's."""
        return self.live.files.folder, self.policy().root.resolve()

    async def _result(self, call: OpenCall, broken: bool, context: CallContext) -> Result:
        tool = self.runtime.catalog.tools.get(call.name)
        if tool is None:
            return _error(f"there is no tool named {call.name!r}; there are: {', '.join(self.runtime.catalog.tools)}")
        if broken:
            return _error("the input did not arrive as one whole JSON object, so nothing was done; send it again")
        try:
            given = tool.input.model_validate(call.input)
        except ValidationError as error:
            return _error(_said_of_input(error))
        return await self._permitted(tool, given, call, context)

    async def _permitted(self, tool: AnyTool, given: Input, call: OpenCall, context: CallContext) -> Result:
        try:
            refusal = await self._agree(tool, given, call, context)
            if refusal is not None:
                return Result(refusal, line="refused", is_error=True)
            return await tool.run(given, context)
        except ToolError as error:
            return _error(str(error))
        except OSError as error:
            return _error(f"{call.name} failed: {error.strerror or error}")
        except Exception as error:  # noqa: BLE001 - the border to tools: a bug in one is told, and harms no turn
            return _error(f"{call.name} failed inside ({type(error).__name__}: {error}); try another way")

    async def _agree(self, tool: AnyTool, given: Input, call: OpenCall, context: CallContext) -> str | None:
        """None when the call may run, else the words of the refusal."""
        subject = (
            await asyncio.to_thread(_command, tool.subject(given))
            if tool.effect == "run"
            else self._subject(tool, given)
        )
        verdict = self.policy().decide(tool.name, tool.effect, subject)
        if verdict.kind == "allow" or (verdict.kind == "ask" and self._granted(tool, subject)):
            if tool.effect in ("write", "run"):
                self._tell(call, "allowed")
            return None
        if verdict.kind == "refuse" or self.runtime.asker is None:
            self._tell(call, "refused")
            return verdict.words
        self._tell(call, "asked")
        answer = await self.runtime.asker.ask(self._question(tool, given, subject, context))
        self._tell(call, "refused" if answer.kind == "no" else "allowed")
        return self._answered(answer, tool, subject)

    def _subject(self, tool: AnyTool, given: Input) -> Subject:
        """What rules are matched against, for a call that runs no command."""
        text = tool.subject(given)
        if tool.effect == "fork":
            return Subject((text,), (text,))
        return path_subject(self.live.files.resolve(text), *self._folders())

    def _granted(self, tool: AnyTool, subject: Subject) -> bool:
        """Whether a person's earlier answer covers this call."""
        return covered(map(parse_rule, self.live.branch.rules), tool.name, subject)

    def _question(self, tool: AnyTool, given: Input, subject: Subject, context: CallContext) -> Question:
        show = tool.preview(given, context) or Show("code", json.dumps(given.model_dump(), ensure_ascii=False))
        return Question(
            self.live.name, tool.name, subject.names[0] if subject.names else "", show, rule_for(tool.name, subject)
        )

    def _answered(self, answer: Answer, tool: AnyTool, subject: Subject) -> str | None:
        if answer.kind == "no":
            return f"The person said no{': ' + answer.words if answer.words else ''}."
        rule = rule_for(tool.name, subject)
        if answer.kind in ("session", "always") and rule:
            self.runtime.record(RuleGranted(at=self.runtime.clock(), branch=self.live.name, rule=rule))
        return None

    def _tell(self, call: OpenCall, decision: Decision) -> None:
        self.runtime.emit(
            Permission(
                branch=self.live.name, at=self.runtime.clock(), tool=call.name, input=call.input, decision=decision
            )
        )


def _error(text: str) -> Result:
    return Result(text, line=text.splitlines()[0][:120] if text else "failed", is_error=True)


def _said_of_input(error: ValidationError) -> str:
    parts = (f"{'.'.join(map(str, item['loc'])) or 'input'}: {item['msg']}" for item in error.errors())
    return f"the input is not right, so nothing was done: {'; '.join(parts)}"


def _command(text: str) -> Subject:
    """A command line as rules see it."""
    return command_subject(text, simple_command(text), simple_commands(text))
