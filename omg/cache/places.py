"""Positions that can carry a breakpoint, named by all that stands before them: siblings' equal blocks are one place."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from weakref import WeakKeyDictionary

from omg.cache.rules import TOOL_RUNS, Reading
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
    return (place for place, _ in _backwards(mark))


def looked_at(mark: Mark, reading: Reading) -> Iterator[Place]:
    """The positions that a read checks from a breakpoint, itself first: as many as the look-back reaches, a run of tool
    calls or of their results counted as one where it is read so."""
    count, last = 0, ""
    for place, kind in _backwards(mark):
        same = reading.collapse_tool_runs and kind in TOOL_RUNS and kind == last
        count, last = count + (not same), kind
        if count > reading.lookback:
            return
        yield place


def _backwards(mark: Mark) -> Iterator[tuple[Place, str]]:
    """The positions from a breakpoint to the end of the head, each with its kind of block."""
    node, block = mark.node, mark.block
    while node is not None:
        places, blocks = places_of(node), node.message.places
        for index in range(block % len(places), -1, -1):
            yield places[index], blocks[index].kind
        node, block = node.parent, -1
    yield HEAD, "system"
