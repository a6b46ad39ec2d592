"""Keys that terminals send and Textual does not tell from others: Enter with Alt, and with modifiers in xterm's way."""

from __future__ import annotations

from enum import Enum
from typing import Any, cast

from textual import _ansi_sequences

NEW_LINE = ("shift+enter", "alt+enter", "ctrl+j")
STEER = ("ctrl+enter", "alt+s")


class _Enter(Enum):
    ALT = "alt+enter"
    CONTROL = "ctrl+enter"
    SHIFT = "shift+enter"


_SENT = {
    "\x1b\r": _Enter.ALT,
    "\x1b\n": _Enter.ALT,
    "\x1b[27;3;13~": _Enter.ALT,
    "\x1b[27;5;13~": _Enter.CONTROL,
    "\x1b[27;2;13~": _Enter.SHIFT,
}


def teach() -> None:
    """Let Textual's parser know these sequences. It has no public place for them; the table is read for every key."""
    known = cast(dict[str, Any], _ansi_sequences.ANSI_SEQUENCES_KEYS)
    known.update({sequence: (key,) for sequence, key in _SENT.items()})
