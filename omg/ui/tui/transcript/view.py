"""The transcript on the screen: a window on a story that can be scrolled, opened, selected and copied."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, ClassVar, cast

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import App
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import Reactive
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from omg.ui.tui.transcript.drawn import Drawings
from omg.ui.tui.transcript.items import Fork, Item
from omg.ui.tui.transcript.paint import Painter
from omg.ui.tui.transcript.palette import palette
from omg.ui.tui.transcript.story import PAGE, Story
from omg.ui.tui.transcript.window import Window

if TYPE_CHECKING:
    from omg.core.events import Event
    from omg.session.conversation import Conversation

_FRAME = 1 / 30
"""Seconds between two frames of what streams, at least."""
_SHARE = 5
"""A frame begins so many times what the last one took of the processor after it: never is all of a core taken."""


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
        Binding("up", "step(-1)", "previous card", show=False),
        Binding("down", "step(1)", "next card", show=False),
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
        self._windows: dict[str, Window] = {}
        self._window: Window | None = None
        self._drawings: Drawings | None = None
        self._look: tuple[object, ...] = ()
        self._cursor: Item | None = None
        self._painting = False
        self._moving = False
        self._due = False
        self._altered: set[int] = set()
        self._next_frame = 0.0

    @property
    def _app(self) -> App[Any]:
        return cast("App[Any]", self.app)  # pyright: ignore[reportUnknownMemberType]

    # What it shows

    @property
    def branch(self) -> str:
        """The branch that is shown."""
        return self._window.story.branch if self._window is not None else "main"

    @property
    def story(self) -> Story | None:
        """The story that is shown; None before a conversation is open."""
        return self._window.story if self._window is not None else None

    def adopt(self, conversation: Conversation) -> None:
        """Show main of this conversation, its end first."""
        self._conversation, self._windows, self._window = conversation, {}, None
        self._cursor = None
        self.follow("main")

    def follow(self, branch: str) -> None:
        """Show this branch from now on, where it was looked at last, else its end."""
        if self._conversation is None or (self._window is not None and self.branch == branch):
            return
        if self._window is not None:
            self._window.story.watcher = None
        window = self._windows.get(branch)
        if window is None:
            story = Story(self._conversation, branch)
            story.begin("".join(self._conversation.agent.live(branch).streaming))
            window = self._windows[branch] = Window(story)
        window.story.watcher = self
        self._window, self._cursor = window, None
        self._altered.clear()
        self._fit()

    def again(self) -> None:
        """Main goes on from elsewhere: read its history anew, from its end."""
        self._windows.pop("main", None)
        if self.branch == "main":
            self._window = None
        self.follow("main")

    def heard(self, event: Event) -> None:
        """Take one event in."""
        for window in self._windows.values():
            window.story.heard(event)

    # Its story's watcher

    def added(self, item: Item) -> None:
        """Something came at the end."""
        if self._window is not None:
            self._soon(self._window.added())

    def altered(self, item: Item) -> None:
        """Something has changed."""
        place = self._window.place_of(item) if self._window is not None else None
        if place is not None:
            self._soon(place)

    def _soon(self, place: int) -> None:
        """Draw again in the next frame; frames are as far apart as they have to be."""
        self._altered.add(place)
        if not self._due and self.is_attached:
            self._due = True
            self.set_timer(max(self._next_frame - time.monotonic(), 0.001), self._frame)

    def _frame(self) -> None:
        began, used = time.monotonic(), time.thread_time()
        self._due = False
        altered, self._altered = self._altered, set()
        if self._window is not None:
            if self._window.drawings is None:
                self._fit()
            else:
                self._window.changed(altered)
                self._show()
        self._next_frame = began + max(_FRAME, (time.thread_time() - used) * _SHARE)

    # Its place on the screen

    def _fit(self) -> None:
        """Show the window in the width, height and theme that there are."""
        window, region = self._window, self.scrollable_content_region
        if window is None or not region.width or self._conversation is None:
            return
        app, base = self._app, self.rich_style
        look = (region.width, base, app.theme, self._conversation.id)
        if look != self._look or self._drawings is None:
            self._look = look
            colours = palette(app.theme_variables, base)
            self._drawings = Drawings(Painter(colours, region.width, self._conversation.config.folder))
        window.fit(self._drawings, region.height)
        self._show()

    def _show(self) -> None:
        """Bring scroll bar and position in line with the window. No layout: only this widget's inside has changed."""
        window = self._window
        if window is None:
            return
        size = Size(self.scrollable_content_region.width, window.rows.total)
        if size != self.virtual_size:
            self.set_reactive(cast("Reactive[Size]", Widget.virtual_size), size)
            self.vertical_scrollbar.window_virtual_size = size.height
            self.vertical_scrollbar.window_size = self.container_size.height
        self._moving = True
        self.scroll_target_y = self.scroll_y = window.top
        self._moving = False
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if self._window is None or self._moving or round(old_value) == round(new_value):
            return
        if self._window.height != self.scrollable_content_region.height:  # not a person's doing: there is another room
            self._fit()
        else:
            self._window.scroll(round(new_value))
            self._show()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        if self._look and self.is_attached and self._look[1:3] != (self.rich_style, self._app.theme):
            self._fit()

    def on_resize(self, event: events.Resize) -> None:
        self._fit()

    # What is drawn

    def render_lines(self, crop: Region) -> list[Strip]:
        self._painting = True
        try:
            return super().render_lines(crop)
        finally:
            self._painting = False

    def render_line(self, y: int) -> Strip:
        window, drawings = self._window, self._drawings
        if window is None or drawings is None:
            return Strip.blank(self.size.width, self.rich_style)
        if window.unseen and y == window.height - 1:
            return self._marker(window.unseen, drawings)
        row = window.top + y
        strip = window.strip(row) or drawings.blank
        if self._cursor is not None and row < window.rows.total:
            spot = window.spot(row)
            if spot.item is self._cursor and spot.inside >= 0:
                strip = Strip.join([Strip([Segment("▌", drawings.style("cold"))]), strip.crop(1)])
        strip = self._selected(strip, row)
        return strip if self._painting else strip.apply_offsets(0, row)  # a mouse asks where in the text it is

    def _selected(self, strip: Strip, row: int) -> Strip:
        """A strip with what is selected of it."""
        span = self.text_selection.get_span(row) if self.text_selection is not None else None
        if span is None:
            return strip
        start, end = span[0], strip.cell_length if span[1] == -1 else span[1]
        style = self.screen.get_component_rich_style("screen--selection")
        middle = Strip(Segment.apply_style(strip.crop(start, end), post_style=style))
        return Strip.join([strip.crop(0, start), middle, strip.crop(end)])

    def _marker(self, unseen: int, drawings: Drawings) -> Strip:
        """The last row, while there is something new below."""
        text = Segment(f" ↓ {unseen} new below (end) ", drawings.style("cold") + Style(reverse=True))
        return Strip([text]).adjust_cell_length(drawings.painter.width, drawings.style("text"))

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        window = self._window
        if window is None or not len(window.rows):
            return None
        if selection.start is None or selection.end is None:
            return "\n\n".join(item.copied for item in window.story.items if item.copied), "\n"
        lines: list[str] = []
        for row in range(selection.start.y, min(selection.end.y + 1, window.rows.total)):
            strip, span = window.strip(row), selection.get_span(row)
            if span is not None:
                text = strip.text if strip is not None else ""
                lines.append(text[span[0] : None if span[1] == -1 else span[1]].rstrip())
        return "\n".join(lines), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()

    @property
    def text(self) -> str:
        """All that is on the screen."""
        return "\n".join(self.render_line(y).text.rstrip() for y in range(self.scrollable_content_region.height))

    # What a person does

    def on_click(self, event: events.Click) -> None:
        window = self._window
        if window is None or event.button != 1:
            return
        if window.unseen and event.y == window.height - 1:
            self.action_scroll_end()
        elif window.top + event.y < window.rows.total:
            spot = window.spot(window.top + event.y)
            if spot.inside == 0 or (spot.inside > 0 and not spot.item.open):
                self.unfold(spot.item)

    def unfold(self, item: Item) -> None:
        """Open an item that folds, or close it again; follow a fork."""
        if isinstance(item, Fork):
            self.post_message(self.Chosen(item.child))
        elif item.folds and self._window is not None:
            item.open = not item.open
            item.changed()
            self._window.unfolded(item)
            self._show()

    def unfold_newest(self) -> None:
        """Open or close the newest item that folds."""
        item = self.story.newest_folding() if self.story is not None else None
        if item is not None:
            self.unfold(item)

    def open_call(self, n: int) -> bool:
        """Open the newest tool call (1) or an older one; whether there is one."""
        call = self.story.call(n) if self.story is not None else None
        if call is None:
            return False
        if not call.open:
            self.unfold(call)
        return True

    def action_unfold(self) -> None:
        if self._cursor is not None:
            self.unfold(self._cursor)

    def action_copy(self) -> None:
        if self._cursor is not None:
            self._app.copy_to_clipboard(self._cursor.copied)

    def action_step(self, by: int) -> None:
        """Put the cursor on the next item in a direction, and bring it on the screen."""
        window = self._window
        if window is None or not len(window.rows):
            return
        place = window.place_of(self._cursor) if self._cursor is not None else None
        if place is None:
            place = window.rows.find(window.top + window.height - 1)
        else:
            if place + by < 0:
                place += window.read()
            place = max(0, min(place + by, len(window.rows) - 1))
        self._cursor = window.story.items[place]
        window.reveal(place)
        self._show()

    def action_scroll_end(self) -> None:
        if self._window is not None:
            self._window.to_end()
            self._show()

    async def action_scroll_home(self) -> None:  # type: ignore[override]
        """The beginning of all: what has not been read of the past is read first, some pages at a time."""
        window = self._window
        if window is None:
            return
        window.stuck = False
        while window.story.more and self._window is window:
            window.read(10 * PAGE)
            await asyncio.sleep(0)
        window.scroll(0)
        self._show()

    def on_blur(self, event: events.Blur) -> None:
        self._cursor = None
        self.refresh()
