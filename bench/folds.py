"""A run of 60 turns whose history is folded again and again while forks run. Run it: python -m bench.folds

Holds what the provider saw: not one request of a fork may share less than it would without compaction, which is all
that was sent before it but its own newest words; and what all of it costs against a client that wastes nothing.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bench.cache import Prefixes
from bench.clock import run
from bench.economy import Measured, Seen, measure
from bench.stage import OPUS, Stage, fill, finish, say
from omg.agent.live import Live
from omg.agent.runtime import Limits
from omg.core.events import Compacted
from omg.session.conversation import Conversation

TURNS = 60
WINDOW, AT = 100_000, 0.3
FORKS = 3
_NEAR = 0.85
"""The part of the threshold from which on forks are sent, so that they are at work when it is crossed."""


@dataclass(frozen=True, slots=True)
class Folded:
    """What such a run came to."""

    measured: Measured
    compactions: int
    crossings: int
    """How often forks were at work when the threshold was crossed."""
    short: tuple[Seen, ...]
    """Requests of forks that share less than all that stood before their own newest message."""
    prefix_read: float
    """The smallest part of a history that a request for its summary has read."""
    refused: int
    """Requests that the guard refused, and summaries that could not be used."""


async def work(stage: Stage, seen: list[Compacted]) -> int:
    """60 turns; once in an epoch forks leave, when a turn is about to cross the threshold. Returns how often."""
    conversation, crossings, epoch = stage.open(), 0, 0
    main = conversation.tree.branches["main"]
    conversation.hub.listen(lambda event: seen.append(event) if isinstance(event, Compacted) else None)
    forks: list[Live] = []
    for number in range(TURNS):
        if _near(conversation) and main.epoch > epoch:
            crossings, epoch = crossings + 1, main.epoch
            tasks = [f"Part {number} {place}: look at 6 files, 1 at once." for place in range(FORKS)]
            forks += conversation.agent.fork(tasks)
        await say(conversation, f"Question {number}: look at 3 files, 1 at once.")
        await asyncio.sleep(20)
    await finish(conversation, forks)
    await conversation.close()
    return crossings


def _near(conversation: Conversation) -> bool:
    compactor, live = conversation.agent.compactor, conversation.agent.live("main")
    return compactor.used(live) >= _NEAR * compactor.limit(live)


def perform(home: Path) -> Folded:
    """The run, on a stage of its own."""
    seen: list[Compacted] = []
    stage = Stage(home / "home", fill(home / "work"), setup=replace(OPUS, window=WINDOW), limits=Limits(compact_at=AT))
    crossings = run(work(stage, seen))
    measured = measure(stage)
    done = sum(event.phase == "done" for event in seen)
    refused = sum(event.phase == "refused" for event in seen)
    return Folded(measured, done, crossings, tuple(_short(measured)), _read(measured), refused)


def _short(measured: Measured) -> Iterator[Seen]:
    """Requests of forks of which an earlier request has sent less than all before their newest messages."""
    prefixes, known = Prefixes(), set[int]()
    for one in measured.seen:
        numbers = prefixes.number(one.sent.prompt)
        shared = next((place for place in range(len(numbers), 0, -1) if numbers[place - 1] in known), 0)
        if one.request.logged.purpose == "fork" and shared < len(numbers) - _newest(one):
            yield one
        known.update(numbers)


def _newest(one: Seen) -> int:
    """Blocks of a request that nobody can have sent: its newest user message, and the reply before it."""
    messages = one.sent.prompt.request["messages"]
    own = messages[-2:] if messages[-2]["role"] == "assistant" else messages[-1:]
    return sum(len(message["content"]) for message in own)


def _read(measured: Measured) -> float:
    """Of requests for a summary: the least part of the prefix, all but the instruction, that was read."""
    asked = [one.billed for one in measured.seen if one.request.logged.purpose == "compaction"]
    return min((usage.read / (usage.read + usage.written) for usage in asked), default=0.0)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = perform(Path(folder))
    measured = found.measured
    print(f"{TURNS} turns, {len(measured.seen)} requests, {found.compactions} compactions, window {WINDOW:,}")
    print(f"forks at work at a threshold: {found.crossings} times; refused: {found.refused}")
    print(f"requests of forks that share less than they could: {len(found.short)}")
    print(f"the least part of the prefix that a request for a summary has read: {found.prefix_read:.2%}")
    print(f"efficiency {measured.efficiency:.4f}, reads foretold wrong: {len(measured.surprises)}")


if __name__ == "__main__":
    main()
