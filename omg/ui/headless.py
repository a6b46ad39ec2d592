"""Headless: words in, text or JSON out. For scripts, pipes and other programs."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from omg.agent.forks import ForkRefused
from omg.agent.journal import JournalError
from omg.agent.schedule import Decision
from omg.agent.turn import Outcome
from omg.core.events import Event, Failed, Notice
from omg.core.trouble import Trouble
from omg.session.conversation import Conversation
from omg.session.outcome import folded, result

STATUS = {"end_turn": 0, "interrupted": 130}
"""Exit status by how the last turn ended; 1 for everything else."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to do: words for main (None: only fork), tasks, and words for a last turn over the reports."""

    words: str | None
    tasks: Sequence[str] = ()
    then: str | None = None
    output: str = "text"


async def run(conversation: Conversation, job: Job) -> int:
    """Do `job` and print what comes of it; the exit status. When it can no longer be printed, as to a pipe that nobody
    reads, the job is ended in order, and that error raised."""
    task, lost = asyncio.create_task(_work(conversation, job)), list[Exception]()

    def failed(error: Exception) -> None:
        silence()
        lost.append(error)
        task.cancel()

    silence = conversation.hub.listen(_Printer(conversation, job.output), failed)
    _open(conversation)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        outcome = await task
    except asyncio.CancelledError:
        outcome = Outcome("interrupted")
    await conversation.close()
    if lost:
        raise lost[0]
    _print_end(conversation, job, outcome)
    return STATUS.get(outcome.stop, 1)


def _open(conversation: Conversation) -> None:
    """Tell what was opened; and words that a crash has taken back, whole, so that they can be said again."""
    conversation.opened()
    if conversation.draft:
        text = f"words that were not answered: {conversation.draft.words}"
        conversation.hub(Notice(branch="main", at=conversation.agent.runtime.clock(), text=text))


async def _work(conversation: Conversation, job: Job) -> Outcome:
    agent = conversation.agent
    outcome = Outcome("end_turn")
    try:
        if job.words is not None:
            outcome = await conversation.say(job.words)
        if job.tasks and outcome.stop == "end_turn":
            await agent.forks.wait(agent.fork(job.tasks))
        if job.then is not None and outcome.stop == "end_turn":
            outcome = await conversation.say(job.then)
    except (ForkRefused, JournalError) as error:
        return Outcome("error", str(error))
    return outcome


async def fold(conversation: Conversation, output: str) -> int:
    """`omg compact`: fold main's history now, and print what it came to; the exit status. Raises Trouble."""
    conversation.hub.listen(_Printer(conversation, output))
    _open(conversation)
    agent = conversation.agent
    live, before = agent.live("main"), agent.compactor.used(agent.live("main"))
    try:
        if nothing := agent.compactor.nothing(live):
            raise Trouble(nothing)
        await agent.compactor.fold(live, Decision("fold", "asked for"))
        value = folded(conversation, before)
    finally:
        await conversation.close()
    if output == "text":
        sys.stdout.write(f"folded: {value['before']} tokens before, {value['after']} now\n")
    else:
        _line({"type": "result", "branch": "main", **value} if output == "stream-json" else value)
    return 0


class _Printer:
    """Prints events as they come: all of them as JSON lines, or what a person must know on standard error."""

    def __init__(self, conversation: Conversation, output: str) -> None:
        self._conversation = conversation
        self._output = output

    def __call__(self, event: Event) -> None:
        if self._output == "stream-json":
            if event.type not in _NOT_STREAMED:
                _line(event.to_json(self._conversation.id))
        elif isinstance(event, Notice | Failed):
            sys.stderr.write(f"omg: {event.text}\n")


_NOT_STREAMED = frozenset({"reply", "turn_end"})
"""Events for screens, which the public list of types does not have."""


def _line(value: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _print_end(conversation: Conversation, job: Job, outcome: Outcome) -> None:
    value = result(conversation, outcome, forked=job.words is None)
    if job.output == "stream-json":
        if outcome.error:
            _line(_error_line(conversation, outcome.error))
        _line({"type": "result", "branch": "main", "at": conversation.agent.runtime.clock(), **value})
    elif job.output == "json":
        _line(value)
    else:
        _print_text(conversation)
    if outcome.stop not in STATUS:
        sys.stderr.write(f"omg: {outcome.error or _WHY.get(outcome.stop, outcome.stop)}\n")


_WHY = {
    "max_tokens": "the reply reached its output limit: go on with `omg -c -p 'go on'`",
    "refusal": "the model refused to answer: say it differently",
    "context_full": "the context is full: begin a new session, or fork from an earlier point",
    "max_turns": "the limit of requests for one turn was reached: raise --max-turns, or go on with `omg -c -p 'go on'`",
    "budget": "the budget is spent: raise --budget to go on",
}


def _error_line(conversation: Conversation, text: str) -> dict[str, object]:
    return Failed(branch="main", at=conversation.agent.runtime.clock(), text=text).to_json(conversation.id)


def _print_text(conversation: Conversation) -> None:
    """Main's last reply, then each report it has not read yet, under its task."""
    said = conversation.agent.live("main").said
    if said:
        sys.stdout.write(said.rstrip("\n") + "\n")
    for name in conversation.tree.branches["main"].pending:
        branch = conversation.tree.branches[name]
        error = f"\n[{branch.status}: {branch.error}]" if branch.error else ""
        sys.stdout.write(f"\n## {branch.made.task}\n\n{branch.report.rstrip()}{error}\n")
    sys.stdout.flush()
