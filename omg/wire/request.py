"""A request's body: head, messages, envelope, with cache markers spliced in at offsets known from sealing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

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


@dataclass(frozen=True, slots=True)
class Body:
    """A finished body. `marks` are the spans of the spliced markers in `data`; `end` is where the messages end."""

    data: bytes
    marks: tuple[tuple[int, int], ...]
    end: int
    head: Head
    tip: Node

    @property
    def prefix_length(self) -> int:
        """Bytes of head and messages once markers are taken out."""
        return prefix_length(self.head, self.tip)

    def runs(self) -> Iterator[tuple[int, int]]:
        """The spans between markers, from the first byte to the end of the messages."""
        start = 0
        for mark_start, mark_end in self.marks:
            yield start, mark_start
            start = mark_end
        yield start, self.end


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


def build(head: Head, tip: Node, marks: Sequence[Mark], envelope: Envelope) -> Body:
    """Join the parts of one request. Raises ValueError for a mark that may not stand where it is."""
    cuts = sorted((mark_offset(head, mark), marker(mark.ttl)) for mark in marks)
    pieces = [head.body, _OPEN, *tip.pieces()]
    parts, spans = _splice(pieces, cuts)
    end = prefix_length(head, tip) + sum(len(text) for _, text in cuts)
    parts += [_CLOSE, b",", envelope.render(), b"}"]
    return Body(b"".join(parts), tuple(spans), end, head, tip)


def _splice(
    pieces: Sequence[bytes], cuts: Sequence[tuple[int, bytes]]
) -> tuple[list[bytes | memoryview], list[tuple[int, int]]]:
    """`pieces` with each text of `cuts` put in at its offset, and the spans these texts then have."""
    parts: list[bytes | memoryview] = []
    spans: list[tuple[int, int]] = []
    at, shift, waiting = 0, 0, iter(cuts)
    cut = next(waiting, None)
    for piece in pieces:
        done = 0
        while cut is not None and cut[0] < at + len(piece):
            offset, text = cut
            parts += [memoryview(piece)[done : offset - at], text]
            spans.append((offset + shift, offset + shift + len(text)))
            shift += len(text)
            done = offset - at
            cut = next(waiting, None)
        parts.append(memoryview(piece)[done:] if done else piece)
        at += len(piece)
    return parts, spans
