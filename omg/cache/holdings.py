"""What the provider holds of our prefixes, as far as its own figures tell: entries, and exact token counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import inf

from omg.cache.held import HeldHead
from omg.cache.makeup import between, front, upto
from omg.cache.pictures import images_in
from omg.cache.places import HEAD, Place, looked_at, place_of, places_of
from omg.cache.rules import STRICT, Reading
from omg.cache.tokens import Estimator, Features, added
from omg.core.usage import TTL_SECONDS, Ttl, Usage
from omg.wire.chain import Node
from omg.wire.head import Head
from omg.wire.request import Mark


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
    images: bool = False
    """Whether its writer's messages held an image: only a request that does so too, or does not either, can read it."""
    proven: float = inf
    """From when on it must be readable: its writer's reply had ended, or it was read."""

    @property
    def expires(self) -> float:
        return self.since + TTL_SECONDS[self.ttl]

    def used(self, sent: float, *, refreshed: bool) -> None:
        """A request sent at `sent` was answered as one that found it: it lives on from there, where that refreshes."""
        self.proven = min(self.proven, sent)
        if refreshed:
            self.since = max(self.since, sent)


@dataclass(frozen=True, slots=True)
class Known:
    """An entry where it stands on a history: behind a block of a node, or (None) at the end of the head."""

    place: Place
    node: Node | None
    block: int
    entry: Entry


class Holdings:
    """Entries and counts of one session tree, learnt request by request."""

    def __init__(self) -> None:
        self._entries: dict[str, dict[Place, Entry]] = {}
        self._depths: dict[str, set[int]] = {}
        """By head: at how many messages there has been an entry, so that only there one is looked for."""
        self._counts: dict[tuple[str, Place], int] = {}
        self._told: dict[tuple[str, Place], int] = {}
        """What the provider takes a prefix to have where nothing was billed yet; what is billed replaces it."""
        self._estimators: dict[str, Estimator] = {}
        self._said: dict[str, int] = {}
        """By a reply's node: its tokens, as the provider has told them."""

    @property
    def learnt(self) -> int:
        """How many counts are known: it grows with what there is to learn from."""
        return len(self._counts)

    def entry(self, head: Head, place: Place) -> Entry | None:
        """The entry at `place`, living or not; None where none was ever written, or it was found to be lost."""
        return self._entries.get(head.id, {}).get(place)

    def chain(self, head: Head, tip: Node, *, images: bool | None = None) -> Iterator[Known]:
        """Every entry ever known on the history of `tip`, the deepest first; `images`: as for a request with (without)
        images in its messages, by default as `tip` has it."""
        images = images_in(tip) > 0 if images is None else images
        entries = self._entries.get(head.id, {})
        depths = self._depths.get(head.id, set())
        for node in (node for node in tip.ancestors() if node.depth in depths):
            for block, place in reversed(list(enumerate(places_of(node)))):
                if place in entries and entries[place].images == images:
                    yield Known(place, node, block, entries[place])
        if HEAD in entries:
            yield Known(HEAD, None, 0, entries[HEAD])

    def _put(self, head: Head, mark: Mark, entry: Entry) -> None:
        self._entries.setdefault(head.id, {})[place_of(mark)] = entry
        if mark.node is not None:
            self._depths.setdefault(head.id, set()).add(mark.node.depth)

    def count(self, head: Head, place: Place) -> int | None:
        """Tokens from the first up to `place`, where the provider's figures have told them exactly."""
        return self._counts.get((head.id, place))

    def counted(self, head: Head, tip: Node, tokens: int) -> None:
        """The provider has counted so many tokens up to the end of `tip`: that much, and nothing of the way there."""
        self._counts.setdefault((head.id, places_of(tip)[-1]), tokens)

    def told(self, head: Head, tip: Node, tokens: int) -> None:
        """The provider was asked how many tokens there are up to the end of `tip`: it says about so many."""
        self._told[head.id, places_of(tip)[-1]] = tokens

    def uncounted(self, head: Head, tip: Node) -> int:
        """Tokens of the messages up to `tip`, as estimated, where nobody has counted any of them; 0 where one is."""
        for node in tip.ancestors():
            if any((head.id, place) in known for place in places_of(node) for known in (self._counts, self._told)):
                return 0
        return self.tokens(head, tip) - self.tokens(head, None)

    def counted_near(self, head: Head, tip: Node, most: int) -> bool:
        """Whether one of the last `most` messages has a known count, or the first of all is among them."""
        if tip.depth <= most:
            return True
        near = islice(tip.ancestors(), most)
        return any((head.id, place) in self._counts for node in near for place in places_of(node))

    def tokens(self, head: Head, node: Node | None, block: int = -1) -> int:
        """Tokens from the first up to the end of a block: exact where known, else the nearest known count before it
        plus an estimate of the bytes between."""
        known, missing = self._counted(head, node, block)
        return known + self._estimate(head, missing)

    def guessed(self, head: Head, tip: Node) -> int:
        """How many of the tokens up to the end of `tip` are an estimate."""
        return self._estimate(head, self._counted(head, tip, -1)[1])

    def _counted(
        self, head: Head, node: Node | None, block: int, *, billed: bool = False
    ) -> tuple[int, list[Features]]:
        """The nearest count known at or before a block, or (`billed`) the nearest that was billed, and the features of
        what stands between."""
        missing: list[Features] = []
        while node is not None:
            places = places_of(node)
            for index in range(block % len(places), -1, -1):
                known = self.count(head, places[index])
                if known is None and not billed:
                    known = self._told.get((head.id, places[index]))
                if known is not None:
                    behind = between(node, index, block)
                    return known, [*missing, behind] if behind else missing
            missing.append(upto(node, block, self._said.get(node.id)))
            node, block = node.parent, -1
        known = self.count(head, HEAD)
        return (known, missing) if known is not None else (0, [*missing, front(head)])

    def _estimate(self, head: Head, missing: Sequence[Features]) -> int:
        return self._estimator(head).estimate(added(missing)) if missing else 0

    def _estimator(self, head: Head) -> Estimator:
        found = self._estimators.get(head.model)
        if found is None:
            found = self._estimators[head.model] = Estimator()
        return found

    def recall(self, held: HeldHead, *, lives: bool) -> None:
        """Take over what another session tells of a head; of one that lives no more only its count, which stays
        true."""
        own = self._entries.get(held.head, {}).get(HEAD)
        if lives and (own is None or own.begun is None or own.since < held.since):
            entry = Entry(held.ttl, held.since, held.begun, held.account)
            self._entries.setdefault(held.head, {})[HEAD] = entry
        if held.tokens is not None:
            self._counts.setdefault((held.head, HEAD), held.tokens)

    def shared(self, head: Head) -> HeldHead | None:
        """What other sessions may be told of a head; None where it is not held, as far as is known here."""
        entry = self.entry(head, HEAD)
        if entry is None or entry.begun is None:
            return None
        return HeldHead(head.id, entry.account, entry.ttl, entry.since, entry.begun, self.count(head, HEAD))

    def sent(self, head: Head, marks: Sequence[Mark], at: float) -> None:
        """A request leaves: what it may write is on its way, and cannot be read yet."""
        for mark in marks:
            if self.entry(head, place_of(mark)) is None:
                self._put(head, mark, Entry(mark.ttl, at, None, "", images_in(marks[-1].node) > 0))

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
        reading: Reading = STRICT,
    ) -> None:
        """A reply has begun to a request: what it read lives on, what it wrote can be read."""
        self._learn_counts(head, tip, marks, usage)
        self._learn_read(head, tip, usage.read)
        for known in self.chain(head, tip):
            if usage.read and self.count(head, known.place) == usage.read:
                known.entry.used(sent, refreshed=_refreshed(known, marks, reading))
        for mark in marks:
            place = place_of(mark)
            tokens = self.tokens(head, mark.node, mark.block)
            entry = self.entry(head, place)
            if tokens <= usage.read and entry is not None and entry.begun is not None:
                entry.used(sent, refreshed=reading.refreshes_marked and _keeps(mark, entry, reading))
            elif usage.read < tokens and usage.written and tokens >= minimum:
                self._put(head, mark, Entry(mark.ttl, sent, now, account, images_in(tip) > 0))
            elif entry is not None and entry.begun is None:
                self.forget(head, [place])

    def ended(self, head: Head, marks: Sequence[Mark], now: float) -> None:
        """A reply has ended: what its request has written must be readable."""
        for mark in marks:
            entry = self.entry(head, place_of(mark))
            if entry is not None and entry.begun is not None:
                entry.proven = min(entry.proven, now)

    def forget(self, head: Head, places: Sequence[Place]) -> None:
        """The provider has shown that it does not hold these any more."""
        for place in places:
            self._entries.get(head.id, {}).pop(place, None)

    def forget_all(self) -> None:
        """Nothing is held any more; what has been counted stays known."""
        self._entries.clear()

    def withdrawn(self, head: Head, marks: Sequence[Mark]) -> None:
        """A request ended before its reply had begun: it has written nothing."""
        found = [(place, self.entry(head, place)) for place in map(place_of, marks)]
        self.forget(head, [place for place, entry in found if entry is not None and entry.begun is None])

    def said(self, node: Node, tokens: int) -> None:
        """A reply was sealed whole, and had so many tokens of output."""
        self._said[node.id] = tokens

    def _learn_counts(self, head: Head, tip: Node, marks: Sequence[Mark], usage: Usage) -> None:
        """The exact counts that one request's usage tells, and what they teach about the bytes between."""
        before = self.tokens(head, tip)
        hours = [mark for mark in marks if mark.ttl == "1h"]
        if usage.write_1h and hours and usage.read < before:
            self._counted_to(head, hours[-1].node, hours[-1].block, usage.read + usage.write_1h)
        if marks and usage.written:
            self._counted_to(head, marks[-1].node, marks[-1].block, usage.read + usage.written)
        self._counted_to(head, tip, -1, usage.input)

    def _counted_to(self, head: Head, node: Node | None, block: int, tokens: int) -> None:
        """The provider has counted up to here: what stands before the next count back teaches the estimator."""
        place = HEAD if node is None else places_of(node)[block]
        if (head.id, place) in self._counts:
            return
        known, missing = self._counted(head, node, block, billed=True)
        self._estimator(head).learn(added(missing), tokens - known)
        self._counts[head.id, place] = tokens

    def _learn_read(self, head: Head, tip: Node, read: int) -> None:
        """What was read ends at an entry: if at none whose count is known, then at the one estimated nearest."""
        known = list(self.chain(head, tip))
        if not read or any(self.count(head, one.place) == read for one in known):
            return
        guesses = [
            (abs(self.tokens(head, one.node, one.block) - read), one.place)
            for one in known
            if self.count(head, one.place) is None
        ]
        off, place = min(guesses, default=(read, HEAD))
        if off <= _NEAR * read:
            self._counts[head.id, place] = read


def _refreshed(known: Known, marks: Sequence[Mark], reading: Reading) -> bool:
    """Whether a read of this entry keeps it for its whole life again: by the breakpoint that found it."""
    if known.entry.ttl == "5m" or reading.short_read_refreshes_long:
        return True
    finders = (mark for mark in reversed(marks) if known.place in looked_at(mark, reading))
    return any(_keeps(mark, known.entry, reading) for mark in islice(finders, 1))


def _keeps(mark: Mark, entry: Entry, reading: Reading) -> bool:
    return mark.ttl == entry.ttl or entry.ttl == "5m" or reading.short_read_refreshes_long


_NEAR = 0.05
"""How far an estimate may be from a count, in parts of it, to be taken for the same position."""
