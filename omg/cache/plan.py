"""Where to put breakpoints: on what is shared, near enough for the look-back, in a legal order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from omg.wire.chain import Node
from omg.wire.head import Head
from omg.wire.request import Mark, Ttl, mark_offset

MAX_MARKS = 4
LOOK_BACK = 20
"""Positions a read checks from each breakpoint, itself included (prompt caching docs, strict reading)."""
_LAGGING = 3 / 4
"""The part of the look-back that a turn may add in blocks before the previous tail is marked as well."""


class IllegalPlan(Exception):
    """A breakpoint plan that the provider would refuse: a bug, raised before anything is sent."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A block of a sealed message that can carry a marker."""

    node: Node
    block: int


@dataclass(frozen=True, slots=True)
class Ttls:
    """Ttl classes: of the head's breakpoint and of those in the messages."""

    head: Ttl = "1h"
    messages: Ttl = "5m"


@dataclass(frozen=True, slots=True)
class First:
    """What is particular to the first request of a fork."""

    siblings: Spot
    """The last block that its siblings begin with as well: the instruction, before the task of its own."""
    leads: bool = False
    """Whether siblings wait for it. It leaves its own task unmarked then: so the provider's figures tell exactly how
    far the siblings will read, for the price of writing a task once more."""
    anchored: bool = False
    """Whether the fork point is written for an hour: it costs the difference for what is not written yet, and keeps
    all before it readable for the parent, however long the forks work."""


def last_spot(node: Node | None) -> Spot | None:
    """The last block at or before the end of `node`'s history that can carry a marker."""
    while node is not None:
        for index in reversed(range(len(node.message.places))):
            if node.message.places[index].markable:
                return Spot(node, index)
        node = node.parent
    return None


def plan(
    head: Head,
    tip: Node,
    *,
    last_tail: Spot | None,
    shared: Spot | None,
    first: First | None = None,
    one_shot: bool = False,
    ttls: Ttls = Ttls(),
    lookback: int = LOOK_BACK,
) -> tuple[Mark, ...]:
    """The breakpoints of a request that ends with `tip`, in the order of the body.

    `last_tail` is the tail mark of this branch's last request; it is marked again only when the turn since has
    added so many blocks that the look-back from the tail might not reach it. `shared` is the last block that a
    fork shares with its parent; `first` says more of the first request of a fork. `lookback` may be found to be
    shorter than published; each block counts as one, which holds by every reading. When slots are short: tail, what
    siblings share, lagging mark, fork point, head. A `one_shot` branch marks nothing of its own, which nobody reads
    again.
    """
    own = [None if first and first.leads else last_spot(tip), first.siblings if first else None]
    wanted = [] if one_shot else own
    if last_tail is not None and _blocks_since(tip, last_tail) > min(lookback, LOOK_BACK) * _LAGGING:
        wanted.append(last_tail)
    wanted.append(shared)
    spots = list(dict.fromkeys(spot for spot in wanted if spot is not None))
    marks = [Mark(ttls.messages, spot.node, spot.block) for spot in spots]
    if head.stable_end is not None:
        marks.append(Mark(ttls.head))
    chosen = sorted(marks[:MAX_MARKS], key=lambda mark: mark_offset(head, mark))
    if first and first.anchored and shared is not None and ttls.head == "1h":
        chosen = _for_an_hour(chosen, shared)
    check_legal(head, tip, chosen)
    return tuple(chosen)


def _for_an_hour(marks: Sequence[Mark], upto: Spot) -> list[Mark]:
    """`marks` with all up to a spot at 1h: none of 1h may stand behind one of 5m."""
    depth = (upto.node.depth, upto.block)
    return [
        Mark("1h", mark.node, mark.block) if mark.node and (mark.node.depth, mark.block) <= depth else mark
        for mark in marks
    ]


def _blocks_since(tip: Node, spot: Spot) -> int:
    """Blocks from `spot` (not counted) to the end of `tip`."""
    count, node = 0, tip
    while node is not spot.node:
        count += len(node.message.places)
        if node.parent is None:
            return LOOK_BACK
        node = node.parent
    return count + len(node.message.places) - 1 - spot.block


def check_legal(head: Head, tip: Node, marks: Sequence[Mark]) -> None:
    """Raise IllegalPlan for what the API answers with a 400 (prompt caching docs: limits, ttl order)."""
    if len(marks) > MAX_MARKS:
        raise IllegalPlan(f"{len(marks)} markers, of at most {MAX_MARKS}")
    try:
        offsets = [mark_offset(head, mark) for mark in marks]
    except (ValueError, IndexError) as error:
        raise IllegalPlan(str(error)) from error
    if sorted(set(offsets)) != offsets:
        raise IllegalPlan("markers out of order or doubled")
    if not all(mark.node is None or tip.extends(mark.node) for mark in marks):
        raise IllegalPlan("a marker on a message that is not in this request")
    ttls = [mark.ttl for mark in marks]
    if "5m" in ttls and "1h" in ttls[ttls.index("5m") :]:
        raise IllegalPlan("a 1h marker after a 5m marker")
