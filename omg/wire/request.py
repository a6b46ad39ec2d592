"""A request's body: head, messages, envelope, with cache markers spliced in at offsets known from sealing."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal, cast

from omg.wire.chain import Node
from omg.wire.head import Head
from omg.wire.seal import Json, canonical

Ttl = Literal["5m", "1h"]

_OPEN = b',"messages":['
_CLOSE = b"]"


@dataclass(frozen=True, slots=True)
class Mark:
    """A breakpoint: behind the last stable block of the head (`node` None), or behind block `block` of a node."""

    ttl: Ttl
    node: Node | None = None
    block: int = -1


@dataclass(frozen=True, slots=True)
class Envelope:
    """What does not belong to the cache key: rendered behind the messages, so that it never moves the prefix."""

    max_tokens: int
    stream: bool = True
    extra: tuple[tuple[str, Json], ...] = ()

    def render(self) -> bytes:
        """Its fields as JSON, without braces."""
        return canonical({"max_tokens": self.max_tokens, "stream": self.stream, **dict(self.extra)})[1:-1]


Piece = tuple[bytes, int, int]
"""Some bytes without copying them: those from the first offset up to the second."""


@dataclass(frozen=True, slots=True)
class Body:
    """A finished body, in the pieces that are sent one behind the other.

    Its messages are the sealed bytes themselves, shared with every other body that holds them: a body costs its
    pieces, not its length. `runs` are head and messages between markers, `markers` stand between two runs each, and
    `tail` is what follows the messages.
    """

    runs: tuple[tuple[Piece, ...], ...]
    markers: tuple[bytes, ...]
    tail: bytes
    head: Head
    tip: Node

    @property
    def prefix_length(self) -> int:
        """Bytes of head and messages, without markers."""
        return prefix_length(self.head, self.tip)

    @property
    def size(self) -> int:
        """Bytes in all."""
        return self.prefix_length + sum(map(len, self.markers)) + len(self.tail)

    @property
    def pieces(self) -> tuple[memoryview, ...]:
        """What is sent, in order."""
        return tuple(self._pieces())

    def _pieces(self) -> Iterator[memoryview]:
        for run, behind in zip_longest(self.runs, self.markers, fillvalue=self.tail):
            for piece, start, stop in cast(tuple[Piece, ...], run):
                yield memoryview(piece)[start:stop]
            yield memoryview(behind)

    @property
    def data(self) -> bytes:
        """The whole of it in one, copied."""
        return b"".join(self.pieces)

    @property
    def prefix(self) -> Iterator[Piece]:
        """Head and messages, markers left out."""
        for run in self.runs:
            yield from run

    def hash(self) -> str:
        """SHA-256 of what is sent, in hexadecimal."""
        digest = hashlib.sha256()
        for piece in self.pieces:
            digest.update(piece)
        return digest.hexdigest()


def prefix_length(head: Head, tip: Node | None) -> int:
    """Bytes of `head` and the messages up to `tip`, with no markers."""
    return len(head.body) + len(_OPEN) + (tip.size if tip else 0)


def marker(ttl: Ttl) -> bytes:
    """The bytes of one marker, as they go before a block's closing brace. 5m is the API's default."""
    return b',"cache_control":{"type":"ephemeral","ttl":"%s"}' % ttl.encode()


def mark_offset(head: Head, mark: Mark) -> int:
    """Where a marker goes in the unmarked body. Raises ValueError where no marker may stand."""
    if mark.node is None:
        if head.stable_end is None:
            raise ValueError("this head has no block to mark")
        return head.stable_end
    place = mark.node.message.places[mark.block]
    if not place.markable:
        raise ValueError(f"a {place.kind} block cannot carry a marker")
    return prefix_length(head, None) + mark.node.start + place.end - 1


def build(head: Head, tip: Node, marks: Sequence[Mark], envelope: Envelope | None) -> Body:
    """Put one request together; without an envelope, one that is only to be counted. Raises ValueError for a mark that
    may not stand where it is."""
    cuts = sorted((mark_offset(head, mark), marker(mark.ttl)) for mark in marks)
    runs = tuple(_cut([head.body, _OPEN, *tip.pieces()], [offset for offset, _ in cuts]))
    tail = b"%s,%s}" % (_CLOSE, envelope.render()) if envelope else _CLOSE + b"}"
    return Body(runs, tuple(text for _, text in cuts), tail, head, tip)


def _cut(pieces: Sequence[bytes], offsets: Sequence[int]) -> Iterator[tuple[Piece, ...]]:
    """The joined `pieces`, cut at each of `offsets` (rising), with nothing copied."""
    run: list[Piece] = []
    at, waiting = 0, deque(offsets)
    for piece in pieces:
        done = 0
        while waiting and waiting[0] < at + len(piece):
            stop = waiting.popleft() - at
            run.append((piece, done, stop))
            yield tuple(run)
            run, done = [], stop
        run.append((piece, done, len(piece)))
        at += len(piece)
    yield tuple(run)
