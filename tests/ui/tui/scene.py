"""A session in the middle of its work: two turns, a miss, four forks of which one asks and one has reported."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from omg.agent.permit import parse_rule
from omg.agent.runtime import Limits, Rules
from omg.core.usage import Usage
from omg.session.conversation import Conversation
from omg.session.questions import Questions
from tests.scripted import Says, Stage, lines, stage, until

NOON = 1_800_014_400.0


@dataclass
class Clock:
    """Stands still unless it is moved."""

    now: float = NOON

    def __call__(self) -> float:
        return self.now


@dataclass
class Scene:
    """The conversation, what it is played on, its time, and the questions that wait."""

    on: Stage
    conversation: Conversation
    clock: Clock
    questions: Questions
    turns: list[asyncio.Future] = field(default_factory=list)

    async def say(self, words: str) -> None:
        await self.conversation.say(words)

    async def close(self) -> None:
        for name in ("one", "two"):
            self.on.hold.gate(name).set()
        await self.conversation.close()


SCRIPT = {
    "harbour": [Says("The failure is in moor().", usage=Usage(plain=3, write_1h=2_000, write_5m=86_000, output=400))],
    "again": [Says("As I said.", usage=Usage(plain=3, read=2_000, write_1h=88_600, output=300))],
    "depth": [Says("It is the depth.", usage=Usage(plain=3, read=90_600, write_1h=900, output=500))],
    "neaps": [
        Says(
            "I look.",
            (("grep", {"pattern": "allowance"}),),
            usage=Usage(plain=2, read=91_500, write_5m=700, output=60),
        ),
        Says("", (("hold", {"name": "one"}),), usage=Usage(plain=2, read=92_200, write_5m=300, output=40)),
    ],
    "pilot": [Says("", (("shell", {"command": "git log pilot.py"}),), usage=Usage(2, 91_500, 720, 0, 50))],
    "test": [Says("There is one: test_moor.", usage=Usage(plain=2, read=91_500, write_5m=680, output=90))],
    "docks": [Says("", (("hold", {"name": "two"}),), usage=Usage(plain=2, read=91_500, write_5m=650, output=40))],
}


@asynccontextmanager
async def scene(tmp_path: Path, *, forks: bool = True, asker: bool = True) -> AsyncGenerator[Scene, None]:
    """The scene, set; its end stops what runs."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    made: list[Scene] = []
    questions = Questions(lambda: None, lambda rule: None)
    on = stage(
        tmp_path,
        lines(**SCRIPT),
        limits=Limits(width=16),
        setup={"minimum": 500},
        asker=questions if asker else None,
    )
    on.rules = Rules("ask", (parse_rule("shell(ls *)"),))
    clock = Clock()
    conversation = on.open()
    runtime = conversation.agent.runtime
    runtime.clock, runtime.habits = clock, replace(runtime.habits, typed=True)
    made.append(Scene(on, conversation, clock, questions))
    await conversation.say("why does the harbour flood")
    clock.now += 4000  # an hour and more: what was written has lapsed
    await conversation.say("say it again")
    clock.now += 60
    await conversation.say("how about depth")
    if forks:
        conversation.agent.fork(
            ["is allowance() right for neaps?", "who else calls pilot()?", "is there a test?", "which docks are dry?"]
        )
        running = conversation.agent.running
        await until(lambda: len(running()) == 3 and len(on.hold.begun) == 2 and (questions.waiting or not asker))
    clock.now += 120
    try:
        yield made[0]
    finally:
        await made[0].close()
