"""Old tool output left out of a history whose prefix is cold anyway. The old epoch keeps all of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import cast

from omg.agent.reseal import Resealed, SpokenAt, answers, kept_blocks, message_of
from omg.wire.chain import Node
from omg.wire.seal import Block, canonical

ABOVE = 800
"""Characters of output from which on a stub is worth having: the stub itself takes some, and so does asking again."""


def pruned(nodes: Sequence[Node], upto: int, spoken: SpokenAt, stub: Callable[[int], str]) -> list[Resealed]:
    """The same history with the long outputs of the first `upto` messages as stubs, and without thinking; the very
    same nodes up to the first message that changes. `stub` puts a size in characters into words."""
    made: list[Resealed] = []
    for place, old in enumerate(nodes):
        before = made[-1].node if made else None
        blocks = kept_blocks(old)
        if place < upto and answers(old):
            blocks = [_stubbed(block, stub) for block in blocks]
        if not blocks:
            continue
        message = message_of(old.role, blocks)
        node = old if old.parent is before and message.body == old.message.body else Node(before, message)
        made.append(spoken.again(old, node))
    return made


def _stubbed(block: bytes, stub: Callable[[int], str]) -> bytes:
    """A block, or its stub where it is a long result."""
    if len(block) < ABOVE:
        return block
    fields = cast(dict[str, object], json.loads(block))
    content = fields.get("content")
    if fields.get("type") != "tool_result" or not isinstance(content, list):
        return block
    texts = [str(part.get("text", "")) for part in cast(list[dict[str, object]], content)]
    size = sum(map(len, texts))
    if size < ABOVE:
        return block
    short: dict[str, object] = {**fields, "content": [{"type": "text", "text": stub(size)}]}
    return canonical(cast(Block, short))
