"""What the provider holds of our prefixes, as far as its own figures tell: entries, and exact token counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from omg.cache.tokens import Estimator, Features, added, features
from omg.core.usage import TTL_SECONDS, Ttl, Usage
from omg.wire.chain import Node
from omg.wire.head import Head
from omg.wire.request import Mark

Place = tuple[str | None, int]
"""A position that can carry a breakpoint: node id (None: the end of the head) and block."""


@dataclass(slots=True)
class Entry:
    """A cache entry that a request of ours has written. Times are in seconds."""

    ttl: Ttl
    since: float
    """The start of the request that wrote it, or last read it: its life counts from there."""
    begun: float | None
    """When the writer's reply began, so that others could read it; None while it has not."""
    account: str
    """Organisation and workspace it belongs to, as the provider named them."""

    @property
    def expires(self) -> float:
        return self.since + TTL_SECONDS[self.ttl]


class Holdings:
    """Entries and counts of one session tree, learnt request by request."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str | None], dict[int, Entry]] = {}
        self._counts: dict[tuple[str, Place], int] = {}
        self._estimators: dict[str, Estimator] = {}

    def entry(self, head: Head, place: Place) -> Entry | None:
        """The entry at `place`, living or not; None where none was ever written, or it was found to be lost."""
        return self.entries(head, place[0]).get(place[1])

    def entries(self, head: Head, node: str | None) -> dict[int, Entry]:
        """The entries at the blocks of one node, by block; at the end of the head for None."""
        return self._entries.get((head.id, node), {})

    def chain(self, head: Head, tip: Node) -> Iterator[tuple[Place, Entry]]:
        """Every entry ever known on the history of `tip`, the deepest first."""
        for node in (*tip.ancestors(), None):
            id = node.id if node else None
            for block, entry in sorted(self.entries(head, id).items(), reverse=True):
                yield (id, block), entry

    def _put(self, head: Head, place: Place, entry: Entry) -> None:
        self._entries.setdefault((head.id, place[0]), {})[place[1]] = entry

    def count(self, head: Head, place: Place) -> int | None:
        """Tokens from the first up to `place`, where the provider's figures have told them exactly."""
        return self._counts.get((head.id, place))

    def tokens(self, head: Head, node: Node | None, block: int = -1) -> int:
        """Tokens from the first up to the end of a block: exact where known, else the nearest known count before it
        plus an estimate of the bytes between."""
        missing: list[Features] = []
        while node is not None:
            known = self.count(head, (node.id, block % len(node.message.places)))
            if known is not None:
                return known + self._estimate(head, missing)
            missing.append(_upto(node, block))
            node, block = node.parent, -1
        known = self.count(head, HEAD)
        if known is None:
            missing.append(_of_head(head))
        return (known or 0) + self._estimate(head, missing)

    def _estimate(self, head: Head, missing: Sequence[Features]) -> int:
        return self._estimator(head).estimate(added(missing)) if missing else 0

    def _estimator(self, head: Head) -> Estimator:
        return self._estimators.setdefault(head.model, Estimator())

    def sent(self, head: Head, marks: Sequence[Mark], at: float) -> None:
        """A request leaves: what it may write is on its way, and cannot be read yet."""
        for mark in marks:
            if self.entry(head, place_of(mark)) is None:
                self._put(head, place_of(mark), Entry(mark.ttl, at, None, ""))

    def began(
        self,
        head: Head,
        tip: Node,
        marks: Sequence[Mark],
        usage: Usage,
        *,
        sent: float,
        now: float,
        account: str,
        minimum: int,
    ) -> None:
        """A reply has begun to a request: what it read lives on, what it wrote can be read."""
        self._learn_counts(head, tip, marks, usage)
        self._learn_read(head, tip, usage.read)
        for place, entry in self.chain(head, tip):
            if usage.read and self.count(head, place) == usage.read:
                entry.since = max(entry.since, sent)
        for mark in marks:
            place = place_of(mark)
            tokens = self.tokens(head, mark.node, mark.block)
            entry = self.entry(head, place)
            if tokens <= usage.read and entry is not None and entry.begun is not None:
                entry.since = max(entry.since, sent)
            elif usage.read < tokens and usage.written and tokens >= minimum:
                self._put(head, place, Entry(mark.ttl, sent, now, account))
            elif entry is not None and entry.begun is None:
                self.forget(head, [place])

    def forget(self, head: Head, places: Sequence[Place]) -> None:
        """The provider has shown that it does not hold these any more."""
        for node, block in places:
            self.entries(head, node).pop(block, None)

    def forget_all(self) -> None:
        """Nothing is held any more; what has been counted stays known."""
        self._entries.clear()

    def withdrawn(self, head: Head, marks: Sequence[Mark]) -> None:
        """A request ended before its reply had begun: it has written nothing."""
        found = [(place, self.entry(head, place)) for place in map(place_of, marks)]
        self.forget(head, [place for place, entry in found if entry is not None and entry.begun is None])

    def _learn_counts(self, head: Head, tip: Node, marks: Sequence[Mark], usage: Usage) -> None:
        """The exact counts that one request's usage tells, and what they teach about the bytes between."""
        end: Place = (tip.id, len(tip.message.places) - 1)
        before = self.tokens(head, tip)
        if (head.id, end) not in self._counts:
            self._teach(head, tip, usage.input)
            self._counts[head.id, end] = usage.input
        hours = [mark for mark in marks if mark.ttl == "1h"]
        if usage.write_1h and hours and usage.read < before:
            self._counts.setdefault((head.id, place_of(hours[-1])), usage.read + usage.write_1h)
        if marks and usage.written:
            self._counts[head.id, place_of(marks[-1])] = usage.read + usage.written

    def _learn_read(self, head: Head, tip: Node, read: int) -> None:
        """What was read ends at an entry: if at none whose count is known, then at the one estimated nearest."""
        places = [place for place, _ in self.chain(head, tip)]
        if not read or any(self.count(head, place) == read for place in places):
            return
        nodes = {node.id: node for node in tip.ancestors()}
        guesses = [
            (abs(self.tokens(head, nodes[place[0]] if place[0] else None, place[1]) - read), place)
            for place in places
            if self.count(head, place) is None
        ]
        off, place = min(guesses, default=(read, HEAD))
        if off <= _NEAR * read:
            self._counts[head.id, place] = read

    def _teach(self, head: Head, tip: Node, total: int) -> None:
        missing: list[Features] = []
        node: Node | None = tip
        while node is not None:
            known = self.count(head, (node.id, len(node.message.places) - 1))
            if known is not None:
                return self._estimator(head).learn(added(missing), total - known)
            missing.append(_upto(node, -1))
            node = node.parent
        known = self.count(head, HEAD)
        if known is None:
            missing.append(_of_head(head))
        return self._estimator(head).learn(added(missing), total - (known or 0))


HEAD: Place = (None, 0)
"""The end of the head: its last system block."""
_NEAR = 0.05
"""How far an estimate may be from a count, in parts of it, to be taken for the same position."""


def place_of(mark: Mark) -> Place:
    """Where a breakpoint stands."""
    return HEAD if mark.node is None else (mark.node.id, mark.block % len(mark.node.message.places))


def backwards(mark: Mark) -> Iterator[Place]:
    """The positions from a breakpoint to the end of the head, itself first."""
    node, block = mark.node, mark.block
    while node is not None:
        for index in range(block % len(node.message.places), -1, -1):
            yield node.id, index
        node, block = node.parent, -1
    yield HEAD


def _upto(node: Node, block: int) -> Features:
    """The features of a message up to the end of one of its blocks."""
    places = node.message.places
    index = block % len(places)
    end = len(node.message.body) if index == len(places) - 1 else places[index].end
    return features(node.message.body[:end], index + 1)


def _of_head(head: Head) -> Features:
    return features(head.body, 8)
