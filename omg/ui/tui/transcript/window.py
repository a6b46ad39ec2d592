"""What of a story is looked at: which rows, drawn only near them, and what stays in place when others change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from textual.strip import Strip

from omg.ui.tui.transcript.rows import Rows
from omg.ui.tui.transcript.story import PAGE, Story

if TYPE_CHECKING:
    from omg.ui.tui.transcript.drawn import Drawings
    from omg.ui.tui.transcript.items import Item

_NEAR = 3
"""Items above what is looked at, at which more of the past is read."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A row of an item; negative in the gap before it."""

    place: int
    item: Item
    inside: int


@dataclass(slots=True)
class Window:
    """`top` is the first row that is seen, `height` how many are. While `stuck`, the end is, whatever comes."""

    story: Story
    rows: Rows = field(default_factory=Rows)
    top: int = 0
    height: int = 0
    stuck: bool = True
    unseen: int = 0
    """Items that came below what is looked at."""
    drawings: Drawings | None = None

    @property
    def last_top(self) -> int:
        """The top when the end is seen."""
        return max(self.rows.total - self.height, 0)

    def fit(self, drawings: Drawings, height: int) -> None:
        """Show it in another width, height or theme, and stay where it was."""
        anchor = None if self.stuck or not len(self.rows) else self.spot(self.top)
        self.height = height
        if drawings is not self.drawings:
            self.drawings, self.rows = drawings, Rows()
        for place in range(len(self.rows), len(self.story.items)):  # all, or what came while nobody looked
            self.rows.append(self._guess(place))
        if anchor is not None:
            place = self.story.items.index(anchor.item)
            self._measure(place)
            self.top = self.rows.start(place) + min(anchor.inside + self.gap(place), self.rows[place])
        self.settle()

    def added(self) -> int:
        """The story has one item more at its end; its place."""
        place = len(self.rows)
        self.rows.append(self._guess(place))
        if not self.stuck:
            self.unseen += 1
        return place

    def place_of(self, item: Item) -> int | None:
        """Where an item stands; what changes nearly always stands near the end."""
        items = self.story.items
        return next((place for place in range(len(items) - 1, -1, -1) if items[place] is item), None)

    def changed(self, places: Iterable[int]) -> None:
        """These items have changed: those that are drawn or near the end are measured again."""
        for place in places:
            if place < len(self.rows):
                change = self._measure(place)
                if change and not self.stuck and self.rows.start(place) + self.rows[place] - change <= self.top:
                    self.top += change  # it ended above what is looked at, which stays
        self.settle()

    def scroll(self, top: int) -> None:
        """A person wants to see from another row on."""
        self.top = max(0, min(top, self.last_top))
        self.stuck = self.top >= self.last_top
        self.settle()

    def to_end(self) -> None:
        """See the end from now on."""
        self.stuck = True
        self.settle()

    def unfolded(self, item: Item) -> None:
        """An item was opened or closed: its first row stays where it is."""
        place = self.story.items.index(item)
        self._measure(place)
        if item.open and self.rows.start(place) + self.rows[place] > self.top + self.height:
            self.stuck = False
        if not self.stuck:
            self.scroll(self.top)
        else:
            self.settle()

    def reveal(self, place: int) -> None:
        """See an item, its first row before all, by scrolling as little as that takes."""
        self._measure(place)
        start, size = self.rows.start(place), self.rows[place]
        if start < self.top or size > self.height:
            self.scroll(start)
        elif start + size > self.top + self.height:
            self.scroll(start + size - self.height)

    def settle(self) -> None:
        """Measure what is looked at, and read more of the past where it comes near."""
        if self.drawings is None or not self.height:
            return
        if self.stuck:
            self._measure_up(len(self.rows) - 1)
            self.top, self.unseen = self.last_top, 0
        else:
            self._measure_down()
        if self.story.more and self.top < self.height and self.rows.find(self.top) <= _NEAR:
            self.read()

    def _measure_up(self, place: int) -> None:
        """Measure from an item upwards until the window is full."""
        left = self.height + 1
        while left > 0:
            if place < 0:
                place += self.read()
                if place < 0:
                    break
            self._measure(place)
            left -= self.rows[place]
            place -= 1

    def _measure_down(self) -> None:
        """Measure what is seen. What was guessed wrong above the second item that is seen must not move that."""
        place = self.rows.find(self.top)
        if place < 0:
            return
        inside = self.top - self.rows.start(place)
        change = self._measure(place)
        if change and inside:
            self.top = max(self.top + change, self.rows.start(place))
        while place < len(self.rows) and self.rows.start(place) < self.top + self.height:
            self._measure(place)
            place += 1
        self.top = min(self.top, self.last_top)

    def read(self, messages: int = PAGE) -> int:
        """Read a page of the past; how many items it has."""
        found = 0
        while self.story.more and not found:
            found = len(self.story.earlier(messages))
        if not found:
            return 0
        before = self.rows.total
        self.rows.prepend([self._guess(place) for place in range(found)])
        if found < len(self.rows):
            self._measure(found)  # there may be a gap before it now
        if not self.stuck:
            self.top += self.rows.total - before
        return found

    def spot(self, row: int) -> Spot:
        """What stands in a row. There must be items."""
        place = self.rows.find(row)
        return Spot(place, self.story.items[place], row - self.rows.start(place) - self.gap(place))

    def strip(self, row: int) -> Strip | None:
        """A row as it is drawn; None where it is blank."""
        if self.drawings is None or not 0 <= row < self.rows.total:
            return None
        spot = self.spot(row)
        strips = self.drawings.of(spot.item)
        return strips[spot.inside] if 0 <= spot.inside < len(strips) else None

    def gap(self, place: int) -> int:
        """Blank rows before an item."""
        items = self.story.items
        return 0 if not place or (items[place].tight and items[place - 1].tight) else 1

    def _guess(self, place: int) -> int:
        """About how many rows an item has."""
        width = self.drawings.painter.width if self.drawings is not None else 80
        return self.gap(place) + 1 + self.story.items[place].size() // width

    def _measure(self, place: int) -> int:
        """Draw an item; by how much its height changed."""
        if self.drawings is None:
            return 0
        return self.rows.set(place, self.gap(place) + len(self.drawings.of(self.story.items[place])))
