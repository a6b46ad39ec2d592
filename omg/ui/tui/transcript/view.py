"""The transcript on the screen: only what is near the screen is drawn, whatever the length of the story."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from omg.core.events import Event
from omg.session.conversation import Conversation
from omg.ui.tui.transcript.drawn import Drawings
from omg.ui.tui.transcript.items import Fork, Item
from omg.ui.tui.transcript.paint import Painter
from omg.ui.tui.transcript.palette import palette
from omg.ui.tui.transcript.rows import Rows
from omg.ui.tui.transcript.story import PAGE, Story

_FRAME = 1 / 30
"""Seconds between two frames of what streams, at least."""
_SHARE = 4
"""A frame is followed by a pause of this many times what it took: what streams never takes all of a core."""
_NEAR = 3
"""Items before the first that is seen, at which more of the past is read."""


@dataclass(slots=True)
class Shown:
    """A story as it is shown: where its items stand, and what of it is looked at."""

    story: Story
    rows: Rows
    stuck: bool = True
    """Whether the end is looked at, and followed."""
    top: float = 0.0
    unseen: int = 0
    """Items that came below what is looked at."""


class Transcript(ScrollView, can_focus=True):
    """Shows one branch. `adopt` a conversation, then `follow` any of its branches."""

    ALLOW_SELECT = True
    DEFAULT_CSS = """
    Transcript {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "previous", "previous card", show=False),
        Binding("down", "next", "next card", show=False),
        Binding("enter,space", "unfold", "open", show=False),
        Binding("y", "copy", "copy", show=False),
    ]

    class Chosen(Message):
        """A fork's card was chosen: follow it."""

        def __init__(self, branch: str) -> None:
            super().__init__()
            self.branch = branch

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._conversation: Conversation | None = None
        self._stories: dict[str, Shown] = {}
        self._shown: Shown | None = None
        self._drawings: Drawings | None = None
        self._look: tuple[object, ...] = ()
        self._cursor: Item | None = None
        self._painting = False
        self._moving = False
        self._due = False
        self._dirty: set[int] = set()
        self._next_frame = 0.0

    # What it shows

    @property
    def branch(self) -> str:
        """The branch that is shown."""
        return self._shown.story.branch if self._shown is not None else "main"

    @property
    def story(self) -> Story | None:
        """The story that is shown; None before a conversation is open."""
        return self._shown.story if self._shown is not None else None

    @property
    def main(self) -> Story | None:
        """Main's story, whatever is shown."""
        return self._stories["main"].story if "main" in self._stories else None

    def adopt(self, conversation: Conversation) -> None:
        """Show main of this conversation, its end first."""
        self._conversation, self._stories, self._shown = conversation, {}, None
        self._look, self._cursor = (), None
        self.follow("main")

    def follow(self, branch: str) -> None:
        """Show this branch from now on, where it was looked at last, else its end."""
        if self._conversation is None or (self._shown is not None and self.branch == branch):
            return
        if self._shown is not None:
            self._shown.story.watcher = None
            self._shown.top = self.scroll_y
        shown = self._stories.get(branch)
        if shown is None:
            story = Story(self._conversation, branch)
            story.begin("".join(self._conversation.agent.live(branch).streaming))
            shown = self._stories[branch] = Shown(story, Rows())
        self._shown, self._cursor = shown, None
        shown.story.watcher = self
        self._lay_out()
        if not shown.stuck:
            self._move(shown.top)

    def heard(self, event: Event) -> None:
        """Take one event in."""
        for shown in self._stories.values():
            shown.story.heard(event)

    # Its story's watcher

    def added(self, item: Item) -> None:
        """Something came at the end."""
        shown = self._shown
        if shown is None:
            return
        shown.rows.append(self._guess(len(shown.rows)))
        if not shown.stuck:
            shown.unseen += 1
        self._soon(len(shown.rows) - 1)

    def altered(self, item: Item) -> None:
        """Something has changed: nearly always near the end."""
        items = self._shown.story.items if self._shown is not None else []
        for place in range(len(items) - 1, -1, -1):
            if items[place] is item:
                return self._soon(place)
        return None

    def _soon(self, place: int) -> None:
        """Draw again in the next frame; frames are as far apart as they have to be."""
        self._dirty.add(place)
        if not self._due and self.is_attached:
            self._due = True
            wait = self._next_frame - time.monotonic()
            if wait > 0:
                self.set_timer(wait, self._frame)
            else:
                self.call_later(self._frame)

    def _frame(self) -> None:
        began = time.monotonic()
        self._due = False
        dirty, self._dirty = self._dirty, set()
        if self._shown is not None and self._ready():
            for place in dirty:
                if place < len(self._shown.rows):
                    self._measure(place)
            self._settle()
            self.refresh()
        took = time.monotonic() - began
        self._next_frame = began + max(_FRAME, took * _SHARE)

    # Where things stand

    def _ready(self) -> bool:
        """Whether there is something to draw on; makes it when the width or the theme has changed."""
        width = self.scrollable_content_region.width
        if not width or self._conversation is None:
            return False
        base = self.rich_style
        look = (width, base, self.app.theme, self.app.current_theme.dark)
        if look != self._look:
            self._look = look
            colours = palette(self.app.theme_variables, base)
            self._drawings = Drawings(Painter(colours, width, self._conversation.config.folder))
        return self._drawings is not None

    def _lay_out(self) -> None:
        """Guess all heights anew, and stay where it was."""
        shown = self._shown
        if shown is None or not self._ready():
            return
        anchor = self._anchor()
        shown.rows = Rows()
        for place in range(len(shown.story.items)):
            shown.rows.append(self._guess(place))
        self._settle(anchor)
        self.refresh()

    def _anchor(self) -> tuple[Item, int] | None:
        """The item at the top, and the row of it that is there."""
        shown = self._shown
        if shown is None or shown.stuck or not len(shown.rows):
            return None
        place = shown.rows.find(int(self.scroll_y))
        return shown.story.items[place], int(self.scroll_y) - shown.rows.start(place)

    def _guess(self, place: int) -> int:
        """About how many rows an item has."""
        assert self._shown is not None
        item, width = self._shown.story.items[place], max(self._look[0] if self._look else 80, 20)  # type: ignore[type-var]
        return self._gap(place) + 1 + item.size() // int(width)  # type: ignore[call-overload]

    def _gap(self, place: int) -> int:
        """Blank rows before an item."""
        assert self._shown is not None
        if not place:
            return 0
        items = self._shown.story.items
        return 0 if items[place].tight and items[place - 1].tight else 1

    def _measure(self, place: int) -> int:
        """Draw an item; by how much its height changed."""
        assert self._shown is not None
        assert self._drawings is not None
        height = self._gap(place) + len(self._drawings.of(self._shown.story.items[place]))
        return self._shown.rows.set(place, height)

    def _settle(self, anchor: tuple[Item, int] | None = None) -> None:
        """Measure what is on the screen, read more of the past where it is near, and stay at the end or the anchor."""
        shown = self._shown
        if shown is None:
            return
        height = self.scrollable_content_region.height
        if shown.stuck:
            self._measure_up(len(shown.rows) - 1, height)
            self._resize()
            self._move(self.max_scroll_y)
        else:
            if anchor is not None:
                place = shown.story.items.index(anchor[0])
                self._measure(place)
                self._resize()
                self._move(shown.rows.start(place) + min(anchor[1], shown.rows[place]))
            self._measure_window(height)
        self._past()

    def _measure_up(self, place: int, height: int) -> None:
        """Measure from an item upwards until a screen is full, reading more of the past as it is needed."""
        assert self._shown is not None
        rows = self._shown.rows
        left = height + 1
        while left > 0:
            if place < 0:
                more = self._read()
                if not more:
                    break
                place += more
            self._measure(place)
            left -= rows[place]
            place -= 1

    def _measure_window(self, height: int) -> None:
        """Measure what is looked at; what was guessed wrong above it must not move it."""
        shown = self._shown
        if shown is None or not len(shown.rows):
            return
        top = self.scroll_y
        place = shown.rows.find(int(top))
        inside = top - shown.rows.start(place)
        guessed = shown.rows[place]
        change = self._measure(place)
        if change and inside > 0:  # its end stays where it was
            top = max(top + change, shown.rows.start(place)) if guessed - inside < height else top
        self._resize()
        self._move(top)
        bottom = self.scroll_y + height
        place += 1
        while place < len(shown.rows) and shown.rows.start(place) < bottom:
            self._measure(place)
            place += 1
        self._resize()

    def _past(self) -> None:
        """Read another page when the beginning of what is known comes near."""
        shown = self._shown
        if shown is None or not shown.story.more or not len(shown.rows):
            return
        if shown.rows.find(int(self.scroll_y)) <= _NEAR and self.scroll_y < self.size.height:
            self._read()

    def _read(self, messages: int = PAGE) -> int:
        """Read a page of the past; how many items it has."""
        shown = self._shown
        if shown is None:
            return 0
        first = shown.story.items[0] if shown.story.items else None
        found = 0
        while shown.story.more and not found:
            found = len(shown.story.earlier(messages))
        if not found:
            return 0
        before = shown.rows.total
        shown.rows.prepend([self._guess(place) for place in range(found)])
        if first is not None and self._drawings is not None:
            self._measure(found)  # there may be a gap before it now
        self._resize()
        if not shown.stuck:
            self._move(self.scroll_y + shown.rows.total - before)
        return found

    def _resize(self) -> None:
        """Tell the scroll bar how much there is. No layout: only this widget's inside has changed."""
        assert self._shown is not None
        size = Size(self.scrollable_content_region.width, self._shown.rows.total)
        if size == self.virtual_size:
            return
        self.set_reactive(Widget.virtual_size, size)
        bar = self.vertical_scrollbar
        bar.window_virtual_size = size.height
        bar.window_size = self.container_size.height

    def _move(self, top: float) -> None:
        """Scroll without anybody having asked for it."""
        self._moving = True
        self.scroll_target_y = self.scroll_y = max(0.0, min(top, self.max_scroll_y))
        self._moving = False

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        shown = self._shown
        if shown is None or self._moving or round(old_value) == round(new_value):
            return
        shown.stuck = new_value >= self.max_scroll_y
        if shown.stuck:
            shown.unseen = 0
        if self._ready():
            self._measure_window(self.scrollable_content_region.height)
            self._past()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self._look and self.is_attached:
            before = self._look
            if self._ready() and self._look != before:
                self._lay_out()

    def on_resize(self, event: events.Resize) -> None:
        before = self._look
        if self._ready() and self._look != before:
            self._lay_out()
        elif self._shown is not None and self._drawings is not None:
            self._settle()
            self.refresh()

    # What is drawn

    def render_lines(self, crop: Region) -> list[Strip]:
        self._painting = True
        try:
            return super().render_lines(crop)
        finally:
            self._painting = False

    def render_line(self, y: int) -> Strip:
        shown, drawings = self._shown, self._drawings
        if shown is None or drawings is None:
            return Strip.blank(self.size.width, self.rich_style)
        row = int(self.scroll_y) + y
        if shown.unseen and y == self.scrollable_content_region.height - 1:
            return self._marker(shown.unseen, drawings)
        if row >= shown.rows.total:
            return drawings.blank
        place = shown.rows.find(row)
        item = shown.story.items[place]
        inside = row - shown.rows.start(place) - self._gap(place)
        strips = drawings.of(item)
        strip = strips[inside] if 0 <= inside < len(strips) else drawings.blank
        return self._decorated(strip, row, item, inside)

    def _decorated(self, strip: Strip, row: int, item: Item, inside: int) -> Strip:
        """A strip with what is selected, where the cursor is, and (only for a mouse that asks) its place in the text."""
        drawings, selection = self._drawings, self.text_selection
        assert drawings is not None
        if item is self._cursor and inside >= 0 and self.has_focus:
            bar = Segment("▌", drawings.painter.palette.base + drawings.painter.palette["cold"])
            strip = Strip.join([Strip([bar]), strip.crop(1)])
        span = selection.get_span(row) if selection is not None else None
        if span is not None:
            style = self.screen.get_component_rich_style("screen--selection")
            start, end = span
            end = strip.cell_length if end == -1 else end
            middle = strip.crop(start, end).apply_style(style)
            middle = Strip(Segment.apply_style(middle, post_style=style))
            strip = Strip.join([strip.crop(0, start), middle, strip.crop(end)])
        return strip if self._painting else strip.apply_offsets(0, row)

    def _marker(self, unseen: int, drawings: Drawings) -> Strip:
        """The last row, while there is something new below."""
        text = f" ↓ {unseen} new below (end) "
        base = drawings.painter.palette.base
        style = base + drawings.painter.palette["cold"] + Style(reverse=True)
        return Strip([Segment(text, style)]).adjust_cell_length(drawings.painter.width, base)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        shown, drawings = self._shown, self._drawings
        if shown is None or drawings is None or not len(shown.rows):
            return None
        if selection.start is None or selection.end is None:
            return "\n\n".join(item.copied for item in shown.story.items if item.copied), "\n"
        lines: list[str] = []
        for row in range(selection.start.y, min(selection.end.y + 1, shown.rows.total)):
            span = selection.get_span(row)
            if span is not None:
                text = self._text(row)
                lines.append(text[span[0] : None if span[1] == -1 else span[1]].rstrip())
        return "\n".join(lines), "\n"

    def _text(self, row: int) -> str:
        """The text of one row."""
        shown, drawings = self._shown, self._drawings
        assert shown is not None
        assert drawings is not None
        place = shown.rows.find(row)
        inside = row - shown.rows.start(place) - self._gap(place)
        strips = drawings.of(shown.story.items[place])
        return strips[inside].text if 0 <= inside < len(strips) else ""

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()

    # What a person does

    def on_click(self, event: events.Click) -> None:
        shown = self._shown
        if shown is None or not len(shown.rows) or event.button != 1:
            return None
        if shown.unseen and event.y == self.scrollable_content_region.height - 1:
            return self.action_scroll_end()
        row = int(self.scroll_y) + event.y
        if row >= shown.rows.total:
            return None
        place = shown.rows.find(row)
        inside = row - shown.rows.start(place) - self._gap(place)
        item = shown.story.items[place]
        if inside == 0 or (inside > 0 and not item.open):
            self.unfold(item)
        return None

    def unfold(self, item: Item) -> None:
        """Open an item that folds, or close it again; follow a fork."""
        if isinstance(item, Fork):
            self.post_message(self.Chosen(item.child))
        elif item.folds and self._shown is not None:
            item.open = not item.open
            item.changed()
            self._stay(item)

    def _stay(self, item: Item) -> None:
        """Draw an item again whose height changes, without moving its first row."""
        shown = self._shown
        if shown is None or not self._ready():
            return
        place = shown.story.items.index(item)
        self._measure(place)
        if item.open and shown.rows.start(place) + shown.rows[place] > self.scroll_y + self.size.height:
            shown.stuck = False
        self._resize()
        self._move(self.scroll_y if not shown.stuck else self.max_scroll_y)
        shown.stuck = self.scroll_y >= self.max_scroll_y
        self._measure_window(self.scrollable_content_region.height)
        self.refresh()

    def unfold_newest(self) -> None:
        """Open or close the newest item that folds."""
        item = self._shown.story.newest_folding() if self._shown is not None else None
        if item is not None:
            self.unfold(item)

    def action_unfold(self) -> None:
        if self._cursor is not None:
            self.unfold(self._cursor)

    def action_copy(self) -> None:
        if self._cursor is not None:
            self.app.copy_to_clipboard(self._cursor.copied)

    def action_previous(self) -> None:
        self._step(-1)

    def action_next(self) -> None:
        self._step(1)

    def _step(self, by: int) -> None:
        """Put the cursor on the next item in a direction, and bring it on the screen."""
        shown = self._shown
        if shown is None or not shown.story.items or not self._ready():
            return
        items = shown.story.items
        if self._cursor is None or self._cursor not in items:
            place = shown.rows.find(int(self.scroll_y) + self.size.height - 1)
        else:
            place = items.index(self._cursor) + by
        if place < 0 and self._read():
            place = items.index(self._cursor) + by if self._cursor is not None else 0
        place = max(0, min(place, len(items) - 1))
        self._cursor = items[place]
        self._measure(place)
        self._resize()
        self._reveal(place)
        self.refresh()

    def _reveal(self, place: int) -> None:
        """Scroll as little as needed to see an item, its first row before all."""
        assert self._shown is not None
        start, height = self._shown.rows.start(place), self.scrollable_content_region.height
        end = start + self._shown.rows[place]
        if start < self.scroll_y:
            self.scroll_to(y=start, animate=False)
        elif end > self.scroll_y + height:
            self.scroll_to(y=min(start, end - height) if end - start > height else end - height, animate=False)

    def action_scroll_end(self) -> None:
        if self._shown is not None:
            self._shown.stuck, self._shown.unseen = True, 0
            if self._ready():
                self._settle()
                self.refresh()

    async def action_scroll_home(self) -> None:  # type: ignore[override]
        """The beginning of all: what has not been read of the past is read first, a page at a time."""
        shown = self._shown
        if shown is None or not self._ready():
            return
        shown.stuck = False
        while shown.story.more and self._shown is shown:
            self._read(10 * PAGE)
            await asyncio.sleep(0)
        self.scroll_to(y=0, animate=False)

    def on_focus(self, event: events.Focus) -> None:
        self.refresh()

    def on_blur(self, event: events.Blur) -> None:
        self._cursor = None
        self.refresh()

    @property
    def text(self) -> str:
        """All that is on the screen, for tests and screen readers."""
        height = self.scrollable_content_region.height
        return "\n".join(self.render_line(y).text.rstrip() for y in range(height))
