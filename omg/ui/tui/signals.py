"""What reaches a person beyond the screen: the terminal's title, its bell, notifications of the desktop."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from omg.ui.text import one_line

if TYPE_CHECKING:
    from omg.ui.taste import Notify

_LONGEST = 160
"""Characters of a notification."""


class Signals:
    """`write` takes what goes to the terminal as it is; `wish` is the person's setting."""

    def __init__(
        self, write: Callable[[str], None], wish: Notify = "auto", env: Mapping[str, str] | None = None
    ) -> None:
        self._write, self._wish = write, wish
        self._env = os.environ if env is None else env
        self._title = ""

    def title(self, text: str) -> None:
        """Name the terminal's window."""
        text = _plain(text)
        if text != self._title:
            self._title = text
            self._write(f"\x1b]2;{text}\x07")

    def notify(self, text: str) -> None:
        """Ring, and tell the desktop, by the sequence that this terminal is known to take; as far as it is wished."""
        if self._wish == "auto":
            self._tell_desktop(_plain(text))
        if self._wish != "off":
            self._write("\x07")

    def _tell_desktop(self, text: str) -> None:
        term = self._env.get("TERM", "")
        if term.startswith(("rxvt", "foot")) or "VTE_VERSION" in self._env:
            sequence = f"\x1b]777;notify;omg;{text}\x07"
        else:
            sequence = f"\x1b]9;omg: {text}\x07"
        self._write(_through_tmux(sequence) if "TMUX" in self._env else sequence)


def _plain(text: str) -> str:
    """Text that cannot end the sequence it stands in."""
    return one_line(text).replace(";", ",")[:_LONGEST]


def _through_tmux(sequence: str) -> str:
    """A sequence for the terminal around tmux (tmux(1), allow-passthrough)."""
    doubled = sequence.replace("\x1b", "\x1b\x1b")
    return f"\x1bPtmux;{doubled}\x1b\\"
