"""A thousand sessions with one random fault each, on a server with rules of its own: is the true cause named?"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench.clock import run
from bench.server import Server
from bench.stage import Stage, fill, fork, say
from omg.session.conversation import Conversation

SESSIONS = 1000

Fault = Callable[[Stage, Conversation, random.Random], Awaitable[None]]
"""Does something to the server, the clock or the session, and takes one more turn."""


async def lapse_of_5m(stage: Stage, conversation: Conversation, dice: random.Random) -> None:
    await asyncio.sleep(dice.uniform(301, 3500))
    await say(conversation, "answer in 20 words")


async def lapse_of_1h(stage: Stage, conversation: Conversation, dice: random.Random) -> None:
    await asyncio.sleep(dice.uniform(3650, 90_000))
    await say(conversation, "answer in 20 words")


async def eviction(stage: Stage, conversation: Conversation, dice: random.Random) -> None:
    await asyncio.sleep(dice.uniform(10, 150))
    stage.server.cache.evict(None if dice.random() < 0.5 else dice.randint(1, 3))
    await say(conversation, "answer in 20 words")


async def other_account(stage: Stage, conversation: Conversation, dice: random.Random) -> None:
    await asyncio.sleep(dice.uniform(1, 150))
    stage.server.cache.evict(None)
    stage.server.organisation = f"org-{dice.randrange(1000)}"
    await say(conversation, "answer in 20 words")


async def other_model(stage: Stage, conversation: Conversation, dice: random.Random) -> None:
    await asyncio.sleep(dice.uniform(1, 150))
    conversation.set_model("claude-opus-5")
    await say(conversation, "answer in 20 words")


async def higher_minimum(stage: Stage, conversation: Conversation, dice: random.Random) -> None:
    await asyncio.sleep(dice.uniform(1, 150))
    stage.server.cache.evict(None)
    stage.server.cache.minimum = 100_000
    await say(conversation, "answer in 20 words")


async def slow_to_read(stage: Stage, conversation: Conversation, dice: random.Random) -> None:
    await say(conversation, "answer in 400 words")
    await asyncio.sleep(dice.uniform(10, 150))
    stage.server.cache.settles = dice.uniform(0.5, 4)
    await fork(conversation, [f"answer in {n + 10} words" for n in range(3)])


FAULTS: dict[str, tuple[Fault, tuple[str, ...]]] = {
    "5m lapse": (lapse_of_5m, ("ttl lapse (5m",)),
    "1h lapse": (lapse_of_1h, ("ttl lapse",)),
    "eviction": (eviction, ("evicted",)),
    "another account": (other_account, ("another organisation",)),
    "another model": (other_model, ("model",)),
    "a higher minimum": (higher_minimum, ("below the minimum", "markers not honoured")),
    "not yet readable": (slow_to_read, ("not yet readable",)),
}


async def session(folder: Path, home: Path, seed: int) -> tuple[str, bool, list[str | None]]:
    """One session: the fault, whether every request that lost something by it says why, and what they say."""
    dice = random.Random(seed)
    kind = dice.choice(list(FAULTS))
    fault, words = FAULTS[kind]
    stage = Stage(home / str(seed), folder, Server())
    stage.server.organisation = "org-1"
    conversation = stage.open()
    for turn in range(dice.randint(1, 3)):
        await say(conversation, f"turn {turn}: look at {dice.randint(1, 4)} files, {dice.randint(1, 2)} at once")
        await asyncio.sleep(dice.uniform(1, 100))
    before = len(conversation.tree.requests) + (kind == "not yet readable")  # which takes a turn of its own first
    await fault(stage, conversation, dice)
    causes = [
        request.settled.cause if request.settled else None
        for request in list(conversation.tree.requests.values())[before:]
    ]
    lost = causes[:1] if kind != "not yet readable" else causes[1:3]
    right = all(cause is not None and cause.startswith(words) for cause in lost)
    await conversation.close()
    return kind, right, causes


def main(sessions: int = SESSIONS) -> float:
    """Print what was named right, by fault; the part of all."""
    tried: Counter[str] = Counter()
    right: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        folder = fill(Path(place) / "work")
        for seed in range(sessions):
            kind, named, causes = run(session(folder, Path(place) / "home", seed))
            tried[kind] += 1
            right[kind] += named
            if not named:
                print(f"  session {seed}, {kind}: {causes}")
    for kind in FAULTS:
        print(f"{kind:18} {right[kind]:4} of {tried[kind]:4}")
    part = right.total() / max(1, tried.total())
    print(f"the true cause named: {100 * part:.1f} % of {tried.total()} faults")
    return part


if __name__ == "__main__":
    main()
