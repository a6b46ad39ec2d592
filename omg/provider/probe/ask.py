"""A probing request: described in a few words, built to real bytes, and bounded in what it can cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from omg.cache.plan import check_legal
from omg.cache.prices import Prices
from omg.core.usage import Usage
from omg.provider.protocol import Call
from omg.wire.chain import Node
from omg.wire.head import Headers, render_head
from omg.wire.request import Body, Envelope, Mark, Ttl, build
from omg.wire.seal import Block, Json, Role, seal

Said = tuple[Role, tuple[Block, ...]]

_HIDDEN = 1000
"""Tokens of a system prompt that the provider adds where there are tools (its price page names up to 804)."""
_TOOL: dict[str, Json] = {"name": "f", "description": "Look.", "input_schema": {"type": "object"}}


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to ask, and at what prices."""

    endpoint: str
    model: str
    prices: Prices
    ttls: tuple[Ttl, ...] = ("5m", "1h")
    """The lifetimes that a marker may ask for there."""
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `marks` are (message, block, ttl), in order."""

    messages: tuple[Said, ...]
    marks: tuple[tuple[int, int, Ttl], ...]
    max_tokens: int = 1
    stream: bool = True
    tools: bool = False


def user(*blocks: Block) -> Said:
    """A user message."""
    return "user", blocks


def text(words: str) -> Block:
    """A text block."""
    return {"type": "text", "text": words}


def rendered(target: Target, ask: Ask) -> Body:
    """The body of `ask`, by the same hands as every other request. Raises IllegalPlan, ValueError: a bug here."""
    tools = [_TOOL] if ask.tools else []
    head = render_head(target.endpoint, model=target.model, tools=tools, system=(), headers=target.headers)
    nodes: list[Node] = []
    for role, blocks in ask.messages:
        nodes.append(Node(nodes[-1] if nodes else None, seal(role, blocks)))
    marks = [Mark(ttl, nodes[message], block) for message, block, ttl in ask.marks]
    check_legal(head, nodes[-1], marks)
    return build(head, nodes[-1], marks, Envelope(ask.max_tokens, ask.stream))


def call_of(target: Target, body: Body) -> Call:
    """What a provider is asked to send."""
    return Call(body.pieces, target.headers)


def most(target: Target, ask: Ask, size: int) -> float:
    """Dollars that `ask`, of `size` bytes, costs at worst: no tokenizer makes more than one token of a byte."""
    tokens = size + (_HIDDEN if ask.tools else 0)
    return max(_costs(target.prices, tokens, ask))


def _costs(prices: Prices, tokens: int, ask: Ask) -> Iterable[float]:
    out = ask.max_tokens
    ttls = {ttl for _, _, ttl in ask.marks}
    classes = [Usage(plain=tokens, output=out), Usage(read=tokens, output=out), Usage(write_5m=tokens, output=out)]
    if "1h" in ttls:
        classes.append(Usage(write_1h=tokens, output=out))
    for usage in classes:
        if (dollars := prices.cost(usage)) is not None:
            yield dollars
