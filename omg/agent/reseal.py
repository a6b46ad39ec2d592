"""The beginning of a new epoch: a first message that tells what was before, and the newest messages after it.

What is carried over keeps the bytes of its blocks; only thinking is left out, since providers bind it to its prefix.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass

from omg.agent.journal import NodeSealed
from omg.wire.chain import Node
from omg.wire.seal import Block, Message, Role, canonical

_THINKING = ("thinking", "redacted_thinking")


@dataclass(frozen=True, slots=True)
class Resealed:
    """A message of the new epoch. `words` is the block that holds the person's words, where there are some; `attached`
    blocks before it (else at the end) hold what was attached to them."""

    node: Node
    words: int | None
    attached: int = 0


@dataclass(frozen=True, slots=True)
class SpokenAt:
    """Where messages hold what a person said, by node: see `omg.agent.state.Tree`."""

    words: Mapping[str, int]
    attached: Mapping[str, int]

    def again(self, old: Node, node: Node, before: int = 0) -> Resealed:
        """`old` sealed anew as `node`, with `before` blocks in front."""
        at = self.words.get(old.id)
        return Resealed(node, None if at is None else before + at, self.attached.get(old.id, 0))


def whole_pairs(nodes: Sequence[Node], start: int) -> int:
    """The first of `nodes` to carry over so that all from `start` on are, and no result is parted from its call."""
    while start > 0 and start < len(nodes) and answers(nodes[start]):
        start -= 1
    return start


def answers(node: Node) -> bool:
    """Whether a message holds results of calls."""
    return any(place.kind == "tool_result" for place in node.message.places)


def resealed(first: Sequence[Block], carried: Sequence[Node], spoken: SpokenAt) -> list[Resealed]:
    """`first` as a user message, and `carried` behind it; a user message at their beginning becomes part of the first.

    Raises ValueError without `first`.
    """
    told = [canonical(block) for block in first]
    if not told:
        raise ValueError("an epoch begins with something told")
    made: list[Resealed] = []
    rest = list(carried)
    if rest and rest[0].role == "user":
        opening = rest.pop(0)
        node = Node(None, message_of("user", [*told, *kept_blocks(opening)]))
        made.append(spoken.again(opening, node, len(told)))
    else:
        made.append(Resealed(Node(None, message_of("user", told)), None))
    for old in rest:
        blocks = kept_blocks(old)
        if blocks:
            node = Node(made[-1].node, message_of(old.role, blocks))
            made.append(spoken.again(old, node))
    return made


def records_of(made: Sequence[Resealed], known: Container[str], now: float) -> Iterator[NodeSealed]:
    """What goes on record of messages that are not `known`. They are of no branch yet: where the log ends in between,
    the branch is still in its old epoch."""
    for one in made:
        if one.node.id not in known:
            yield NodeSealed(at=now, branch="", node=one.node, words=one.words, attached=one.attached)


def kept_blocks(node: Node) -> list[bytes]:
    """The blocks of a message as they are, thinking left out. Only assistants think: the words of a person stay at
    their place."""
    body = node.message.body
    return [body[place.start : place.end] for place in node.message.places if place.kind not in _THINKING]


def message_of(role: Role, blocks: Sequence[bytes]) -> Message:
    """A message of blocks that are rendered already."""
    return Message(role, b'{"role":"%s","content":[%s]}' % (role.encode(), b",".join(blocks)))
