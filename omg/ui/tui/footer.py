"""The line at the foot: the keys there are, or what a person must know for a moment."""

from __future__ import annotations

from rich.text import Text
from textual.widget import Widget

KEYS = (
    ("esc", "interrupt"),
    ("⇧tab", "mode"),
    ("^k", "cache"),
    ("^f", "forks"),
    ("^o", "open"),
    ("@", "file"),
    ("/", "command"),
    ("!", "shell"),
    ("?", "help"),
)


class Footer(Widget):
    """Keys, as many as fit; the last (help) always."""

    DEFAULT_CSS = """
    Footer {
        height: 1;
        background: $panel;
        color: $foreground;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._hint = ""

    def hint(self, text: str) -> None:
        """Say this instead of the keys; nothing: the keys again."""
        if text != self._hint:
            self._hint = text
            self.refresh()

    def render(self) -> Text:
        if self._hint:
            return Text(f" {self._hint}", style="bold", no_wrap=True, overflow="ellipsis")
        *most, last = KEYS
        room = self.size.width - 2 - _width(last)
        line = Text(" ", no_wrap=True, overflow="crop")
        for key in most:
            room -= _width(key) + 3
            if room < 0:
                break
            line.append(key[0], "bold").append(f" {key[1]}   ")
        gap = self.size.width - line.cell_len - _width(last) - 1
        return line.append(" " * max(gap, 0)).append(last[0], "bold").append(f" {last[1]}")


def _width(key: tuple[str, str]) -> int:
    return len(key[0]) + len(key[1]) + 1
