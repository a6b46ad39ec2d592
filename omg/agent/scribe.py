"""A summary of a branch's history, written by a fork of it: asked for, checked, and asked for once more."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from omg.agent.compose import OpenCall, open_calls, result_block, text_block
from omg.agent.exchange import Reply, exchange
from omg.agent.journal import BranchEnded, BranchMade, NodeSealed, SummaryMade
from omg.agent.live import Live
from omg.agent.runtime import Runtime
from omg.agent.summary import LIMIT, Brief, problems
from omg.cache.plan import last_spot
from omg.core.events import ForkStatus
from omg.core.trouble import Trouble
from omg.wire.chain import Node
from omg.wire.seal import Block, seal

_TRIES = 2
"""How often a summary is asked for before it is refused."""


class Unusable(Trouble):
    """A summary that does not hold what it must."""


async def summarised(
    runtime: Runtime, live: Live, point: Node, items: Sequence[str], *, draft: bool = False
) -> SummaryMade:
    """Have a summary of the history of `live` up to `point` written, which names `items`, and keep it on record.

    Raises Unusable, and what an exchange raises, with nothing changed.
    """
    brief, epoch = Brief(runtime.brief()), live.branch.epoch
    scribe = _scribe(runtime, live, point, brief, items)
    status: ForkStatus = "failed"
    why: str | None = "it did not come to an end"
    try:
        for tries in range(_TRIES):
            reply = await exchange(runtime, scribe)
            found = _unusable(reply) or problems(reply.text, brief, items)
            if not found:
                made = _made(
                    runtime,
                    scribe,
                    SummaryMade(
                        at=runtime.clock(),
                        branch=live.name,
                        epoch=epoch,
                        node=point.id,
                        text=reply.text.strip(),
                        draft=draft,
                    ),
                )
                status, why = "done", None
                return made
            why = "; ".join(found)
            if tries + 1 < _TRIES:
                _ask_again(runtime, scribe, found)
        raise Unusable(f"the summary cannot be used: {why}")
    except asyncio.CancelledError:
        status, why = "stopped", None
        raise
    finally:
        if status != "done":
            runtime.record_anyway(
                BranchEnded(at=runtime.clock(), branch=scribe.name, status=status, text="", error=why)
            )


def _made(runtime: Runtime, scribe: Live, made: SummaryMade) -> SummaryMade:
    """Keep a summary, in one write with the end of the branch that wrote it."""
    runtime.record(made, BranchEnded(at=made.at, branch=scribe.name, status="done", text=""))
    return made


def _scribe(runtime: Runtime, live: Live, point: Node, brief: Brief, items: Sequence[str]) -> Live:
    """A fork at `point` that is asked for a summary: on record, and not sent yet."""
    catalog, now = runtime.catalog, runtime.clock()
    taken = runtime.tree.branches
    name = next(name for n in range(1, len(taken) + 2) if (name := f"compact{n}") not in taken)
    listed = "\n".join(f"- {item}" for item in items)
    wanted = f"\n\n{catalog.say('compact_required', items=listed)}" if items else ""
    words = catalog.say("compact", brief=brief.text, limit=str(LIMIT), required=wanted)
    blocks = [*_results(runtime, live, point), text_block(words)]
    made = BranchMade(
        at=now,
        name=name,
        head=live.branch.head.id,
        node=point.id,
        parent=live.name,
        task="summary",
        depth=live.branch.made.depth + 1,
        purpose="compaction",
    )
    runtime.record(made, NodeSealed(at=now, branch=name, node=Node(point, seal("user", blocks))))
    return Live(taken[name], live.files.clone(), last=live.last, shared=last_spot(point))


def _results(runtime: Runtime, live: Live, point: Node) -> list[Block]:
    """What answers the calls at `point`: what they came to, where the summary is of all there is."""
    waiting, done = runtime.catalog.say("open_call"), live.branch.results
    newest = point is live.branch.tip

    def answer(call: OpenCall) -> Block:
        result = done.get(call.id) if newest else None
        text, is_error = (result.text, result.is_error) if result else (waiting, False)
        return result_block(call.id, text, is_error)

    return [answer(call) for call in open_calls(point)]


def _ask_again(runtime: Runtime, scribe: Live, found: Sequence[str]) -> None:
    refused = [result_block(call.id, "not run", True) for call in open_calls(scribe.branch.tip)]
    said = "; ".join(found)
    words = runtime.catalog.say("compact_again", problems=said, limit=str(LIMIT))
    node = Node(scribe.branch.tip, seal("user", [*refused, text_block(words)]))
    runtime.record(NodeSealed(at=runtime.clock(), branch=scribe.name, node=node))


def _unusable(reply: Reply) -> tuple[str, ...]:
    """What makes a reply no summary at all."""
    if reply.refusal or reply.node is None:
        return (reply.refusal or "there is no answer",)
    if open_calls(reply.node):
        return ("it calls tools",)
    return ("it was cut by the output limit",) if reply.stop == "max_tokens" else ()
