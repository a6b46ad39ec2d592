"""The next epoch of a branch, from a summary: what it tells, what it carries over word for word, and its beginning."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from omg.agent.compose import shared_spot, text_block
from omg.agent.facts import Telling, untold
from omg.agent.journal import AnchorMade, EpochBegun, HeadMade, Record, SummaryMade
from omg.agent.live import Live
from omg.agent.remember import said_before
from omg.agent.reseal import Resealed, SpokenAt, answers, records_of, resealed, whole_pairs
from omg.agent.runtime import Runtime
from omg.wire.chain import Node, path
from omg.wire.head import Head
from omg.wire.seal import Block

WORDS = 8_000
"""Characters of the person's newest words that are told word for word, beside the last exchange."""
_SHORTEST = 400
"""Characters under which a part of a text says nothing."""
CARRIED = 8_000
"""Tokens of the last exchange that are carried over; of a longer one, its end."""
COMPACTION = "compaction"
"""The cause of an epoch that begins with a summary."""


@dataclass(frozen=True, slots=True)
class Folded:
    """An epoch about to begin, made for a history that ends at `tip`."""

    tip: Node
    head: Head
    messages: tuple[Resealed, ...]
    told: dict[str, str]

    @property
    def newest(self) -> Node:
        return self.messages[-1].node


async def beginning(runtime: Runtime, live: Live, made: SummaryMade, *, turns: int = 1) -> Folded:
    """What the next epoch of `live` begins with: facts, the summary, the person's newest words, and what came after
    the summary, with the last `turns` exchanges."""
    facts: Telling = untold(await asyncio.to_thread(runtime.facts), {})
    tip = live.branch.tip
    if tip is None:
        raise ValueError("there is nothing to fold")
    nodes = path(tip)
    start = carried_from(runtime, live, nodes, runtime.tree.nodes[made.node], turns)
    catalog = runtime.catalog
    first: list[Block] = [text_block(text) for text in facts.blocks]
    first.append(text_block(catalog.say("summary", text=made.text)))
    words = _earlier(runtime, nodes[start - 1] if start else None)
    first += [text_block(catalog.say("earlier_words", words=words))] if words else []
    messages = resealed(first, nodes[start:], SpokenAt(runtime.tree.words, runtime.tree.attached))
    told = dict(facts.told)
    for node in nodes[start:]:  # what they tell stands behind it, and is told again where it is not so any more
        told |= runtime.tree.tells.get(node.id, {})
    return Folded(tip, runtime.catalog.refreshed(live.branch.head), tuple(messages), told)


def carried_from(runtime: Runtime, live: Live, nodes: list[Node], point: Node, turns: int) -> int:
    """From which place on a history is carried over, where its summary ends with `point`."""
    return whole_pairs(nodes, min(_kept_from(runtime, live, nodes, turns), point.depth, len(nodes) - 1))


def _kept_from(runtime: Runtime, live: Live, nodes: list[Node], turns: int) -> int:
    """From which place on the last exchanges are carried over: the beginning of the first, or as much of the end as
    there is room for. The newest message is carried in any case: calls may wait in it for their results."""
    head, tokens = live.branch.head, runtime.holdings.tokens
    said = {*runtime.tree.words, *runtime.tree.attached}
    begins = [place for place, node in enumerate(nodes) if node.id in said][-turns:]
    whole, most, start = tokens(head, nodes[-1]), len(nodes) - 1, begins[0] if begins else 0
    while start < most and whole - (tokens(head, parent) if (parent := nodes[start].parent) else 0) > CARRIED:
        start += 1
    return start + 1 if start < most and answers(nodes[start]) else start


def _earlier(runtime: Runtime, tip: Node | None) -> str:
    """The person's words before what is carried over, as many of the newest as there is room for."""
    return "\n\n".join(reversed(list(_bounded(said_before(runtime.tree, tip)))))


def _bounded(newest_first: Iterator[str]) -> Iterator[str]:
    """As many as there is room for; of a text too long for what is left, its beginning and its end."""
    left = WORDS
    for text in islice(newest_first, 200):
        if len(text) > left:
            if left > _SHORTEST:
                yield f"{text[: left // 2]}\n[{len(text) - left} characters left out]\n{text[-(left // 2) :]}"
            return
        left -= len(text)
        yield text


def begin_epoch(runtime: Runtime, live: Live, folded: Folded, cause: str = COMPACTION) -> None:
    """Let `live` go on with what has been folded: one write, after which the old epoch is over."""
    now, branch, tree = runtime.clock(), live.branch, runtime.tree
    records: list[Record] = [] if folded.head.id in tree.heads else [HeadMade(at=now, head=folded.head)]
    records += records_of(folded.messages, tree.nodes, now)
    records.append(
        EpochBegun(
            at=now,
            branch=branch.name,
            head=folded.head.id,
            node=folded.newest.id,
            cause=cause,
            told=folded.told,
            folds=folded.tip.id,
        )
    )
    name = f"epoch{branch.epoch + 1}"
    if branch.made.parent is None and (name not in tree.anchors or name in tree.automatic):
        records.append(AnchorMade(at=now, branch=branch.name, name=name, node=folded.newest.id, automatic=True))
    runtime.record(*records)
    live.last, live.shared = None, shared_spot(tree, branch)
