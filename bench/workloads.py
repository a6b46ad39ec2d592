"""What a person does in a working hour, as programs: turns, wide turns, forks, wakes, resumes, several sessions."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from bench.stage import Stage, fill, fork, say

Workload = Callable[[Stage], Coroutine[Any, Any, None]]


async def turns(stage: Stage) -> None:
    """12 turns of one read each, half a minute apart."""
    conversation = stage.open()
    for number in range(12):
        await say(conversation, f"Question {number}: look at 1 file, 1 at once.")
        await asyncio.sleep(30)
    await conversation.close()


def wide(reads: int) -> Workload:
    """A turn of so many parallel reads, and three short turns after it."""

    async def work(stage: Stage) -> None:
        conversation = stage.open()
        await say(conversation, "Good morning.")
        await say(conversation, f"Now look at {reads} files, {reads} at once.")
        for number in range(3):
            await asyncio.sleep(30)
            await say(conversation, f"Short question {number}.")
        await conversation.close()

    return work


def forks(number: int) -> Workload:
    """A parent of six reads, so many forks of three reads each, and a join."""

    async def work(stage: Stage) -> None:
        conversation = stage.open()
        await say(conversation, "To begin with, look at 6 files, 1 at once.")
        await asyncio.sleep(20)
        await fork(conversation, [f"Part {place}: look at 3 files, 1 at once." for place in range(number)])
        await conversation.agent.join()
        await conversation.close()

    return work


async def woken(stage: Stage) -> None:
    """A fork that is woken after its parent went on, twice."""
    conversation = stage.open()
    await say(conversation, "To begin with, look at 4 files, 1 at once.")
    (child,) = await fork(conversation, ["Look into it: look at 3 files, 1 at once."])
    for number in range(2):
        await say(conversation, f"Meanwhile {number}: look at 2 files, 1 at once.")
        await asyncio.sleep(60)
        conversation.agent.wake(child.name, f"One more thing {number}: look at 20 files, 10 at once.")
        await conversation.agent.forks.wait([child])
    await conversation.agent.join()
    await conversation.close()


async def nested(stage: Stage) -> None:
    """Two forks that each fork twice, with the model's own call, and a join."""
    conversation = stage.open()
    await say(conversation, "To begin with, look at 4 files, 1 at once.")
    await fork(conversation, [f"Half {side}: fork 2 times: look at 2 files, 1 at once." for side in range(2)])
    await conversation.agent.join()
    await conversation.close()


async def resumed(stage: Stage) -> None:
    """Three turns, and three more in a new process two minutes later; the last turn before was a wide one."""
    conversation = stage.open()
    await say(conversation, "To begin with, look at 3 files, 1 at once.")
    await say(conversation, "And then look at 24 files, 24 at once.")
    await conversation.close()
    await asyncio.sleep(120)
    conversation = stage.again()
    for number in range(3):
        await say(conversation, f"Again {number}: look at 1 file, 1 at once.")
    await fork(conversation, [f"Part {place}: look at 1 file, 1 at once." for place in range(2)])
    await conversation.agent.join()
    await conversation.close()


async def sessions(stage: Stage) -> None:
    """Three sessions within the hour: in a repository, in a worktree of it, and in another folder."""
    other, tree = fill(stage.folder.parent / "other"), stage.folder.parent / "worktree"
    _repository(stage.folder, tree)
    for folder in (stage.folder, tree, other):
        conversation = stage.open(folder)
        for number in range(2):
            await say(conversation, f"Question {number}: look at 3 files, 1 at once.")
        await conversation.close()
        await asyncio.sleep(15 * 60)


def _repository(folder: Path, tree: Path) -> None:
    """Make `folder` a repository, and `tree` a worktree of it."""
    identity = ["-c", "user.name=bench", "-c", "user.email=bench@example.test"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"], ["worktree", "add", "-q", str(tree)]):
        subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


WORKLOADS: Mapping[str, Workload] = {
    "12 turns of one read": turns,
    "25 parallel reads, 3 short turns": wide(25),
    "60 parallel reads, 3 short turns": wide(60),
    "6 reads, 4 forks of 3 reads, join": forks(4),
    "6 reads, 32 forks of 3 reads, join": forks(32),
    "a fork woken after its parent went on": woken,
    "two forks of two forks": nested,
    "a resume in a new process": resumed,
    "3 sessions, 2 folders and a worktree": sessions,
}
