"""The forks pane: every fork with what it does and what it costs, to be watched, steered, stopped, woken and joined."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.message import Message

from omg.ui.tui.look import Line, Lines, Rows, line, reads_aloud, spread
from omg.ui.tui.look.lines import fitted
from omg.ui.tui.panes import tree
from omg.ui.tui.panes.pane import Pane
from omg.ui.tui.parts import Drafted, Noted, Ordered

if TYPE_CHECKING:
    from omg.session.conversation import Conversation
    from omg.session.glance import Fork, Glance


class ForksPane(Pane):
    """A list of forks. What is done about one goes out as what a person would have typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "steer", "steer"),
        Binding("x", "stop", "stop"),
        Binding("w", "wake", "wake"),
        Binding("j", "join", "join"),
        Binding("d", "drop", "drop"),
        Binding("f", "fork", "fork"),
    ]
    DEFAULT_CSS = """
    ForksPane {
        height: 1fr;
        padding: 0 1;
        border-top: solid $line;
        & #forks { height: 1fr; }
        & #keys { margin-top: 1; }
        &.aloud { border-top: none; }
    }
    """

    class Chosen(Message):
        """A person wants to watch this branch; "main" to come back."""

        def __init__(self, branch: str) -> None:
            super().__init__()
            self.branch = branch

    class Pointed(Message):
        """The cursor is at this branch: others may show more of it."""

        def __init__(self, branch: str) -> None:
            super().__init__()
            self.branch = branch

    class ForkAsked(Message):
        """A person wants to fork this branch: ask them for the tasks."""

        def __init__(self, branch: str) -> None:
            super().__init__()
            self.branch = branch

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._forks: dict[str, Fork] = {}

    def compose(self) -> ComposeResult:
        yield Lines(id="title")
        yield Rows(id="forks")
        yield Lines(id="keys")

    def adopt(self, conversation: Conversation) -> None:
        """Show the forks of this conversation from now on."""
        self._forks = {}
        super().adopt(conversation)

    @property
    def branch(self) -> str:
        """The branch that the cursor is at."""
        return self.query_one("#forks", Rows).key or "main"

    def focus(self, scroll_visible: bool = True, from_app_focus: bool = False) -> ForksPane:
        """Give the keys to the list."""
        self.query_one("#forks", Rows).focus(scroll_visible)
        return self

    def draw(self, glance: Glance, now: float) -> bool:
        """Draw the pane."""
        width, aloud = self.content_size.width, reads_aloud(self)
        if width <= 2:
            return False
        self.set_class(aloud, "aloud")
        forks = glance.forks()
        self._forks = {fork.name: fork for fork in forks}
        title = spread(line(("FORKS", "bold")), line((tree.summary(forks), "dim")), width)
        if aloud:
            title = fitted(line(f"Forks: {tree.summary(forks).replace(' · ', ', ') or 'none'}"), width)
        empty = line(("none yet: /fork TASK | TASK", "dim"))
        self.query_one("#title", Lines).show([title] if forks else [title, fitted(empty, width)])
        self._draw_rows(forks, width - 2, now, aloud)
        self._draw_keys()
        return not aloud and any(fork.held is not None and fork.held.left(now) > 0 for fork in forks)

    def _draw_rows(self, forks: list[Fork], width: int, now: float, aloud: bool) -> None:
        """The list, a cell narrower where it has a scrollbar."""
        shown = self.query_one("#forks", Rows)
        for bar in (shown.show_vertical_scrollbar, not shown.show_vertical_scrollbar):
            found = tree.rows(forks, width - bar, now, aloud=aloud)
            if bar == (sum(len(row.lines) for row in found) > shown.container_size.height > 0):
                break
        shown.show_rows(found)

    def _draw_keys(self) -> None:
        """Below the list: the figures of the fork at the cursor, and the keys that do something for it."""
        found: list[Line] = []
        if self._forks and self.glance is not None:
            fork, width = self._forks.get(self.branch), self.content_size.width
            parts = [part for key, word in tree.keys_for(fork) for part in _key(key, word)]
            about = f"{fork.name}: {tree.detail(fork, self.glance.now)}" if fork is not None else ""
            if reads_aloud(self):
                about = about.replace(" · ", ", ")
                parts = [(text.replace("↵", "enter:"), "", does) for text, _, does in parts]
            found = [fitted(line((about, "dim")), width), fitted(line(*parts), width)]
        self.query_one("#keys", Lines).show(found)

    @on(Rows.Moved)
    def _moved(self, event: Rows.Moved) -> None:
        event.stop()
        self._draw_keys()
        self.post_message(self.Pointed(event.key or "main"))

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        self.post_message(self.Chosen(event.key))

    async def on_click(self, event: Click) -> None:
        """A click on what a key does is that key."""
        does = event.style.meta.get("does")
        if does is not None:
            event.stop()
            await self.run_action(str(does))

    def action_watch(self) -> None:
        """Show it."""
        self.post_message(self.Chosen(self.branch))

    def action_steer(self) -> None:
        """Put words into its turn."""
        self._about(lambda fork: fork.status == "running", Drafted(f"/steer @{self.branch} "), "is not at work")

    def action_stop(self) -> None:
        """Stop it; it reports what it had."""
        self._about(lambda fork: fork.status == "running", Ordered(f"/stop {self.branch}"), "is not at work")

    def action_wake(self) -> None:
        """Let it work again."""
        self._about(lambda fork: fork.status != "running", Drafted(f"/wake {self.branch} "), "is at work: steer it")

    def action_join(self) -> None:
        """Let main read its report."""
        self._about(lambda fork: fork.pending, Ordered(f"/join {self.branch}"), "has no report that waits")

    def action_drop(self) -> None:
        """Take its report off the list."""
        self._about(lambda fork: fork.pending, Ordered(f"/drop {self.branch}"), "has no report that waits")

    def action_fork(self) -> None:
        """Fork from it."""
        self.post_message(self.ForkAsked(self.branch))

    def _about(self, fits: Callable[[Fork], bool], order: Message, why_not: str) -> None:
        """Say what is to be done about the fork at the cursor, or why it cannot be."""
        fork = self._forks.get(self.branch)
        if fork is not None:
            self.post_message(order if fits(fork) else Noted(f"{fork.name} {why_not}"))


def _key(key: str, word: str) -> tuple[tuple[str, str, str], ...]:
    return (key, "bold", word), (f" {word}", "dim", word), ("   ", "", "")
