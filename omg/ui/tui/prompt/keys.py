"""Keys that terminals send and Textual does not tell from others: Enter with Alt, and with modifiers in xterm's way."""

from __future__ import annotations

from enum import Enum
from typing import Any, cast

from textual import _ansi_sequences

NEW_LINE = ("shift+enter", "alt+enter", "ctrl+j", "shift+\r", "\r")
"""Textual reads xterm's way (CSI 27;2;13~) as a key that has no name, and says nothing of Alt."""
STEER = ("ctrl+enter", "alt+s", "ctrl+\r")


class _Enter(Enum):
    ALT = "alt+enter"


_SENT = {"\x1b\r": _Enter.ALT, "\x1b\n": _Enter.ALT}


def teach() -> None:
    """Let Textual's parser know these sequences. It has no public place for them; the table is read for every key."""
    known = cast(dict[str, Any], _ansi_sequences.ANSI_SEQUENCES_KEYS)
    known.update({sequence: (key,) for sequence, key in _SENT.items()})
