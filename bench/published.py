"""Figures that others have published, rebuilt and held side by side with ours. Run it: python -m bench.published"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from bench.clock import run
from bench.economy import Measured, Seen, measure
from bench.script import code, prose
from bench.stage import Stage, fill, finish, fork, say
from omg.agent.runtime import ModelSetup
from omg.cache.plan import Ttls
from omg.core.catalog import Catalog
from omg.core.usage import Usage

# Comis, "8 agents, 30 API calls, 788k tokens": read/write, hits, saved.
COMIS_CALLS, COMIS_TOKENS = 30, 788_000
COMIS_RATIO, COMIS_HIT, COMIS_SAVED = 16.9, 0.94, 0.81
BRIEF_LINES = 1254
"""Lines of the market data that the trunk reads once: what brings the whole to their number of prompt tokens."""
ANALYSTS = (("fundamental", 2), ("sentiment", 3), ("technical", 3), ("news", 3))
LATER = (("debate", 7), ("trader", 1), ("risk", 4))
"""The agents behind the trunk, with their calls: 30 in all, shared out in proportion to the 42 calls of Comis' table
(main 6, analysts 3, 4, 4, 4, debate 10, trader 2, risk 5, portfolio manager 4), largest remainders first. Main and
the portfolio manager, who writes the report, are one agent here, with 7: the trunk that all others are forks of."""
_WORDS, _NOTE = 540, 160
"""Words of an agent's answer, about their mean of 590 tokens of output a call (24,867 in 42), and of what a call reads
beside the market data, which is in the trunk once."""

O18_SHARED, O18_WORKERS, O18_BOUND = 2000, 20, 6300.0
_RULES = 32
"""Words of the project's instructions, which bring what the workers share to about 2,000 tokens."""
RESUME_PREFIX = 56_000


def comis_stage(home: Path) -> Stage:
    """Claude Opus 4.6, as then: 4,096 tokens at least, a tenth of the price for what is read."""
    files = {"market.py": code(7, BRIEF_LINES), **{f"note{n}.md": prose(f"note {n}", _NOTE) for n in range(8)}}
    setup = ModelSetup("claude-opus-4-6", 32_000, 200_000, 4096, Ttls("1h", "5m"))
    return Stage(home / "home", fill(home / "work", files), setup=setup)


async def comis(stage: Stage) -> None:
    """Four analysts beside each other, then debate, trader and risk, each a fork of the trunk; the trunk reports."""
    conversation = stage.open()
    await say(conversation, f"Market day. First read market.py; answer in {_WORDS} words.")
    await fork(conversation, [_task(name, calls) for name, calls in ANALYSTS])
    await conversation.agent.join()
    for name, calls in LATER[:-1]:
        await fork(conversation, [_task(name, calls)])
        await conversation.agent.join()
    await fork(conversation, [_task(*LATER[-1])])
    await say(conversation, f"Now the report: read note0.md first, and answer in {_WORDS} words.")
    await conversation.close()


def _task(name: str, calls: int) -> str:
    looks = " ".join(f"read note{n}.md" for n in range(1, calls))
    return f"You are the {name} agent. {looks} Then answer in {_WORDS} words."


async def workers(stage: Stage) -> None:
    """20 workers with a task each, behind what they share: the head and the instruction."""
    conversation = stage.open()
    await finish(conversation, conversation.agent.fork([f"Item {n}: answer in 20 words." for n in range(O18_WORKERS)]))
    await conversation.close()


def o18_stage(home: Path) -> Stage:
    """A model whose minimum the shared tokens reach, read at a tenth; everything for five minutes, as they reckon."""
    setup = ModelSetup("claude-opus-5", 32_000, 200_000, 512, Ttls("5m", "5m"))
    return Stage(home / "home", fill(home / "work", {"AGENTS.md": prose("rules", _RULES)}), setup=setup)


def token_equivalents(usages: list[Usage]) -> float:
    """Tokens at the plain price that cost as much: written at 1.25, read at 0.1."""
    return sum(usage.plain + 1.25 * usage.written + 0.1 * usage.read for usage in usages)


def shared_part(seen: tuple[Seen, ...]) -> tuple[int, list[Usage]]:
    """The tokens that all requests begin with, and how each of them was billed for those."""
    rows = [one.sent.prompt.blocks for one in seen]
    same = next(n for n in range(len(rows[0])) if len({row[n].text for row in rows}) > 1)
    tokens = sum(block.tokens for block in rows[0][:same])
    bills = [one.billed for one in seen]
    reads = [min(tokens, bill.read) for bill in bills]
    return tokens, [
        Usage(read=read, write_5m=min(tokens - read, bill.written), plain=max(0, tokens - read - bill.written))
        for read, bill in zip(reads, bills, strict=True)
    ]


async def resume(stage: Stage) -> None:
    """One call; then the same session in another process, whose tools were found in another order."""
    conversation = stage.open()
    await say(conversation, "To begin with, read prefix0.py, read prefix1.py, read prefix2.py; answer in 10 words.")
    await conversation.close()
    await asyncio.sleep(60)
    names = sorted(stage.catalog.tools, reverse=True)
    stage.catalog = Catalog({name: stage.catalog.tools[name] for name in names}, stage.catalog.prompts)
    conversation = stage.again()
    await say(conversation, "And now? Answer in 10 words.")
    await conversation.close()


def resume_stage(home: Path) -> Stage:
    """A prefix of about 56k tokens."""
    return Stage(home / "home", fill(home / "work", {f"prefix{n}.py": code(n, 1040) for n in range(3)}))


def rebuilt(home: Path) -> tuple[Measured, Measured, Measured]:
    """Comis' pipeline, O18's workers, and the resume."""
    stages = [make(home / name) for name, make in (("c", comis_stage), ("o", o18_stage), ("r", resume_stage))]
    for stage, work in zip(stages, (comis, workers, resume), strict=True):
        run(work(stage))
    first, second, third = (measure(stage) for stage in stages)
    return first, second, third


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        pipeline, pool, resumed = rebuilt(Path(folder))
    print(f"{'Comis: 8 agents, forks of one trunk':44}{'published':>12}{'here':>12}")
    rows = (
        ("calls", f"{COMIS_CALLS}", f"{len(pipeline.seen)}"),
        ("prompt tokens in all", f"{COMIS_TOKENS:,}", f"{pipeline.usage.input:,}"),
        ("tokens read for each one written", f"{COMIS_RATIO}", f"{pipeline.usage.ratio or 0:.1f}"),
        ("of all prompt tokens, from the cache", f"{COMIS_HIT:.0%}", f"{pipeline.usage.hit or 0:.1%}"),
        ("of the input's price, saved", f"{COMIS_SAVED:.0%}", f"{pipeline.saved:.1%}"),
        ("output tokens", "", f"{pipeline.usage.output:,}"),
        ("dollars, output included", "2.11", f"{pipeline.total_usd:.2f}"),
        ("efficiency against a client that wastes nothing", "", f"{pipeline.efficiency:.4f}"),
    )
    for row in rows:
        print("  {:42}{:>12}{:>12}".format(*row))
    tokens, bills = shared_part(pool.seen)
    naive, ours = tokens * O18_WORKERS, token_equivalents(bills)
    scale = O18_SHARED / tokens
    print(f"\n{'O18: 20 workers with a shared prefix':44}{'published':>12}{'here':>12}{'for 2,000':>12}")
    print(f"  {'shared tokens':42}{O18_SHARED:>12,}{tokens:>12,}{tokens * scale:>12,.0f}")
    print(f"  {'token-equivalents, uncached':42}{40_000:>12,}{naive:>12,}{naive * scale:>12,.0f}")
    print(f"  {'token-equivalents, one write and 19 reads':42}{O18_BOUND:>12,.0f}{ours:>12,.0f}{ours * scale:>12,.0f}")
    last, before = resumed.seen[-1].billed, resumed.seen[-2].billed
    print(f"\n{'claude-code#49038: a second process':44}{'broken':>12}{'fixed':>12}{'here':>12}")
    print(f"  {'tokens read':42}{0:>12,}{56_370:>12,}{last.read:>12,}")
    print(f"  {'tokens written':42}{56_296:>12,}{32:>12,}{last.written:>12,}")
    print(f"  {'tokens of the request before':42}{'':>12}{'':>12}{before.input:>12,}")


if __name__ == "__main__":
    main()
