"""Five days of one session: what forgetting on purpose saves. Run it: python -m bench.days

200 turns with gaps from seconds to a night, some nights behind a closed session; three such sessions, with gaps of
their own. The policy that decides by itself is
held against the same session without drafts and without leaving anything out, and against fixed policies: every
combination of a ttl, a threshold, a time for drafts and a way to go on from the cold. `--plot FILE` draws the costs.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal

from bench.clock import run
from bench.economy import dollars
from bench.stage import Stage, fill, say
from omg.agent.runtime import Limits
from omg.agent.tomorrow import Tomorrow, When, Worth
from omg.core.events import Compacted
from omg.core.usage import Ttl
from omg.session.conversation import Conversation

TURNS = 200
DAYS = 5
SEEDS = (1, 2, 3)
_SECONDS, _MINUTES, _HOUR, _NIGHT = (15, 150), (300, 1800), (3700, 3 * 3600), (11 * 3600, 16 * 3600)

Drafts = Literal["never", "near the end", "on leaving", "both"]


@dataclass(frozen=True, slots=True)
class Policy:
    """`ttl` None and `drafts` None: decided by arithmetic."""

    name: str
    ttl: Ttl | None = None
    at: float = 0.8
    drafts: Drafts | None = None
    shorter: bool = True
    """Whether a cold history goes on as a shorter one where that costs less."""

    @property
    def limits(self) -> Limits:
        return Limits(
            compact_at=self.at,
            early=self.drafts is None,
            draft=self.drafts != "never",
            cold="auto" if self.shorter else "all",
        )


OURS = Policy("ours")
PLAIN = Policy("no drafts, nothing left out", drafts="never", shorter=False)


def fixed() -> list[Policy]:
    """The policies that are searched."""
    ttls: tuple[Ttl, ...] = ("5m", "1h")
    times: tuple[Drafts, ...] = ("never", "near the end", "on leaving", "both")
    return [
        Policy(f"{ttl}, {at:.0%}, drafts {drafts}{'' if shorter else ', all of it'}", ttl, at, drafts, shorter)
        for ttl, at, drafts, shorter in product(ttls, (0.3, 0.5, 0.8), times, (True, False))
        if shorter or drafts == "never"
    ]


@dataclass(frozen=True, slots=True)
class Gap:
    """What comes behind a turn: so many seconds, with the session closed meanwhile or not."""

    seconds: float
    closed: bool = False


def gaps(turns: int = TURNS, days: int = DAYS, seed: int = SEEDS[0]) -> list[Gap]:
    """The gaps behind each turn. A day has short gaps, some of minutes, two of hours; then comes a night."""
    chance, found = random.Random(seed), list[Gap]()
    each = turns // days
    for place in range(turns):
        left = each - 1 - place % each
        if left == 0:
            found.append(Gap(chance.uniform(*_NIGHT), closed=chance.random() < 0.7))
        elif place % each in (each // 3, 2 * each // 3):
            found.append(Gap(chance.uniform(*_HOUR), closed=chance.random() < 0.3))
        else:
            found.append(Gap(chance.uniform(*(_MINUTES if chance.random() < 0.12 else _SECONDS))))
    return found


@dataclass(frozen=True, slots=True)
class Spent:
    """What one policy has cost, in dollars at list prices, and what it did."""

    policy: Policy
    usd: float
    requests: int
    epochs: int
    drafts: int
    by_turn: tuple[float, ...]
    """Dollars up to the end of each turn."""


@dataclass(slots=True)
class FixedDrafts(Tomorrow):
    """Drafts at fixed times, whatever they are worth."""

    drafts: Drafts = "both"

    async def draft(self, when: When) -> bool:
        wanted = "near the end" if when == "the cache ends soon" else "on leaving"
        return self.drafts in (wanted, "both") and await Tomorrow.draft(self, when)

    def worth(self, idle: float) -> Worth | None:
        return None if self._fresh(self.live()) else Worth(0.0, float("inf"))


def _fix(conversation: Conversation, policy: Policy) -> None:
    """Let drafts be written when a fixed policy says."""
    if policy.drafts is None:
        return
    known = conversation.tomorrow
    conversation.tomorrow = FixedDrafts(known.runtime, known.compactor, known.live, drafts=policy.drafts)


@dataclass(slots=True)
class Meter:
    """What a stage has cost so far, each request counted once, when something was sent after it."""

    stage: Stage
    _counted: int = 0
    _usd: float = 0.0

    def usd(self) -> float:
        sent = self.stage.server.sent
        over, open = sent[self._counted : -1], sent[-1:]
        self._usd += dollars(self.stage.setup.model, (one.usage for one in over))
        self._counted += len(over)
        return self._usd + dollars(self.stage.setup.model, (one.usage for one in open))


async def live(stage: Stage, policy: Policy, behind: Sequence[Gap]) -> Spent:
    """One session, from the first day to the last."""
    conversation, seen, by_turn = stage.open(), list[Compacted](), list[float]()
    _begin(conversation, policy, seen)
    meter = Meter(stage)
    chance = random.Random(SEEDS[0])
    for place, gap in enumerate(behind):
        await say(conversation, f"Question {place}: look at {chance.randint(1, 4)} files, 1 at once.")
        by_turn.append(meter.usd())
        if gap.closed:
            await conversation.close()
            await asyncio.sleep(gap.seconds)
            conversation = stage.again()
            _begin(conversation, policy, seen)
        else:
            await asyncio.sleep(gap.seconds)
    await conversation.close()
    done = sum(event.phase == "done" for event in seen)
    drafts = sum(event.phase == "written" for event in seen)
    return Spent(policy, meter.usd(), len(stage.server.sent), done + 1, drafts, tuple(by_turn))


def _begin(conversation: Conversation, policy: Policy, seen: list[Compacted]) -> None:
    _fix(conversation, policy)
    conversation.hub.listen(lambda event: seen.append(event) if isinstance(event, Compacted) else None)


def perform(policy: Policy, turns: int = TURNS, days: int = DAYS, seed: int = SEEDS[0]) -> Spent:
    """The session under one policy, on a stage of its own."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        stage = Stage(home / "home", fill(home / "work"), limits=policy.limits, typed=True, ttl=policy.ttl)
        return run(live(stage, policy, gaps(turns, days, seed)))


def table(found: Sequence[Spent], best: float) -> str:
    """A line for each policy, the cheapest first."""
    lines = [f"{'policy':48} {'req':>5} {'epochs':>6} {'drafts':>6} {'total $':>9} {'of best':>8}"]
    for one in sorted(found, key=lambda spent: spent.usd):
        lines.append(
            f"{one.policy.name:48} {one.requests:5} {one.epochs:6} {one.drafts:6} {one.usd:9.3f} {one.usd / best:8.3f}"
        )
    return "\n".join(lines)


def _text(x: float, y: float, words: str, colour: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" font-size="12" fill="{colour}">{words}</text>'


def plot(found: Sequence[Spent], file: Path) -> None:
    """The cost of each policy over the turns, as SVG."""
    width, height, pad = 720, 360, 48
    top = max(spent.usd for spent in found) * 1.05
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">']
    lines.append(f'<rect width="{width}" height="{height}" fill="#ffffff"/>')
    for mark in range(5):
        y = height - pad - mark * (height - 2 * pad) / 4
        lines.append(f'<line x1="{pad}" y1="{y:.0f}" x2="{width - pad}" y2="{y:.0f}" stroke="#dddddd"/>')
        lines.append(_text(6, y + 4, f"${top * mark / 4:.2f}", "#555555"))
    colours = ("#b45309", "#1d4ed8", "#6b7280", "#15803d")
    for spent, colour in zip(found, colours, strict=False):
        step = (width - 2 * pad) / max(1, len(spent.by_turn) - 1)
        points = " ".join(
            f"{pad + place * step:.1f},{height - pad - usd / top * (height - 2 * pad):.1f}"
            for place, usd in enumerate(spent.by_turn)
        )
        lines.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
    for place, (spent, colour) in enumerate(zip(found, colours, strict=False)):
        lines.append(_text(pad + 10, 22 + 16 * place, f"{spent.policy.name}: ${spent.usd:.2f}", colour))
    lines.append(_text(width - pad - 120, height - 14, "turns, over five days", "#555555"))
    file.write_text("\n".join([*lines, "</svg>"]) + "\n")


def together(found: Sequence[Spent]) -> Spent:
    """Several sessions under one policy as one: sums, and the cost by turn of all of them."""
    by_turn = tuple(map(sum, zip(*(spent.by_turn for spent in found), strict=True)))
    first = found[0]
    return Spent(
        first.policy,
        sum(spent.usd for spent in found),
        sum(spent.requests for spent in found),
        sum(spent.epochs for spent in found),
        sum(spent.drafts for spent in found),
        by_turn,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument("--quick", action="store_true", help="no search over fixed policies")
    args = parser.parse_args()
    policies = [OURS, PLAIN, *([] if args.quick else fixed())]
    jobs = [(policy, args.turns, DAYS, seed) for policy in policies for seed in SEEDS]
    with ProcessPoolExecutor(2) as pool:
        spent = list(pool.map(perform, *zip(*jobs, strict=True)))
    found = [together(spent[place : place + len(SEEDS)]) for place in range(0, len(spent), len(SEEDS))]
    ours, plain = found[0], found[1]
    best = min(found[2:] or found, key=lambda spent: spent.usd)
    print(table(found, best.usd))
    print(f"\nours: {ours.usd / plain.usd:.0%} of the sessions without drafts and with nothing left out,")
    print(f"{ours.usd / best.usd:.3f} times the best fixed policy ({best.policy.name})")
    if args.plot:
        plot([plain, ours, best], args.plot)


if __name__ == "__main__":
    main()
