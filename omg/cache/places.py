"""Positions that can carry a breakpoint, named by all that stands before them: siblings' equal blocks are one place."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from weakref import WeakKeyDictionary

from omg.wire.chain import Node
from omg.wire.request import Mark

Place = bytes
"""A hash of everything from the beginning of the messages up to the end of a block; empty for the end of the head."""

HEAD: Place = b""
"""The end of the head: its last system block."""

_known: WeakKeyDictionary[Node, tuple[Place, ...]] = WeakKeyDictionary()


def places_of(node: Node) -> tuple[Place, ...]:
    """The place behind each of a message's blocks, in order."""
    found = _known.get(node)
    if found is None:
        found = _known[node] = tuple(_hashed(node))
    return found


def _hashed(node: Node) -> Iterator[Place]:
    running = hashlib.sha256(bytes.fromhex(node.parent.id) if node.parent else b"")
    body, done = memoryview(node.message.body), 0
    for place in node.message.places:
        running.update(body[done : place.end])
        done = place.end
        yield running.copy().digest()


def place_of(mark: Mark) -> Place:
    """Where a breakpoint stands."""
    return HEAD if mark.node is None else places_of(mark.node)[mark.block]


def backwards(mark: Mark) -> Iterator[Place]:
    """The positions from a breakpoint to the end of the head, itself first."""
    node, block = mark.node, mark.block
    while node is not None:
        places = places_of(node)
        yield from reversed(places[: block % len(places) + 1])
        node, block = node.parent, -1
    yield HEAD
