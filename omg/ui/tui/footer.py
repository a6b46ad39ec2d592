"""The line at the foot: the keys there are, or what a person must know for a moment."""

from __future__ import annotations

from dataclasses import dataclass

from rich.style import Style
from rich.text import Text
from textual.events import Click
from textual.widget import Widget


@dataclass(frozen=True, slots=True)
class Key:
    """A key and what it does, which a click on it does too: `action` is one of the app's. Where there is no room for
    all, those of the lowest `rank` stay."""

    name: str
    does: str
    rank: int
    action: str

    @property
    def width(self) -> int:
        return len(self.name) + len(self.does) + 1

    def text(self) -> Text:
        """As it stands in the line."""
        meta = {"does": self.action}
        return Text.assemble((self.name, Style(bold=True, meta=meta)), (f" {self.does}", Style(meta=meta)))


INTERRUPT = Key("esc", "interrupt", 0, "back")
"""Means something while there is work only."""
KEYS = (
    Key("⇧tab", "mode", 7, "next_mode"),
    Key("^k", "cache", 4, "pane('cache')"),
    Key("^f", "forks", 3, "pane('forks')"),
    Key("^o", "open", 8, "open_newest"),
    Key("@", "file", 5, "begin('@')"),
    Key("/", "command", 2, "begin('/')"),
    Key("!", "shell", 6, "begin('!')"),
    Key("?", "help", 1, "help"),
)
_GAPS = (3, 2)
"""Cells between two keys, the wide one where there is room for it."""


class Footer(Widget):
    """Keys, as many as fit; the last one, which shows the others, stands at the right."""

    DEFAULT_CSS = """
    Footer {
        height: 1;
        background: $panel;
        color: $foreground;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._hint, self._busy = "", False

    def hint(self, text: str) -> None:
        """Say this instead of the keys; nothing: the keys again."""
        if text != self._hint:
            self._hint = text
            self.refresh()

    def busy(self, busy: bool) -> None:
        """Whether there is something to interrupt."""
        if busy != self._busy:
            self._busy = busy
            self.refresh()

    def render(self) -> Text:
        if self._hint:
            return Text(f" {self._hint}", style="bold", no_wrap=True, overflow="ellipsis")
        width = self.size.width
        keys, gap = fitting((INTERRUPT, *KEYS) if self._busy else KEYS, width - 2)
        line = Text(" ", no_wrap=True, overflow="crop")
        for key in keys[:-1]:
            line.append(key.text()).append(" " * gap)
        for key in keys[-1:]:
            line.append(" " * max(width - line.cell_len - key.width - 1, 0)).append(key.text())
        return line

    async def on_click(self, event: Click) -> None:
        """A click on a key is that key."""
        action = event.style.meta.get("does")
        if action is not None:
            event.stop()
            await self.run_action(f"app.{action}")


def fitting(keys: tuple[Key, ...], width: int) -> tuple[tuple[Key, ...], int]:
    """The keys that there is room for, in their order, and how far apart they stand."""
    while keys:
        for gap in _GAPS:
            if sum(key.width + gap for key in keys) - gap <= width:
                return keys, gap
        least = max(key.rank for key in keys)
        keys = tuple(key for key in keys if key.rank != least)
    return (), 0
