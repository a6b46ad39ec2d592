"""A person's gaps between turns, kept beside the settings: `gaps.json`, a list of seconds, the newest last."""

from __future__ import annotations

import asyncio
import fcntl
import json
import math
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from omg.core.events import Event, Requested, TurnEnded, UserSaid
from omg.core.tool import ToolError
from omg.workspace.regular import read_beginning
from omg.workspace.replace import replace

MOST = 200
"""How many are kept: habits change."""
LONGEST = 7 * 86_400.0
"""Seconds that a gap counts as at most."""
_NAME = "gaps.json"
_BYTES = 1 << 16
"""More than as many gaps need."""


def load_gaps(home: Path) -> list[float]:
    """What is known; what cannot be read of it is passed over."""
    try:
        parsed: object = json.loads(read_beginning(home / _NAME, _BYTES)[0])
    except (OSError, ToolError, ValueError, RecursionError):
        return []
    values = cast(dict[str, object], parsed).get("gaps") if isinstance(parsed, dict) else None
    return list(_sound(cast(list[object], values)))[-MOST:] if isinstance(values, list) else []


def _sound(values: Iterable[object]) -> Generator[float]:
    for value in values:
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 and not math.isnan(value):
            yield float(min(value, LONGEST))


def add_gap(home: Path, seconds: float) -> bool:
    """Keep one more; whether that was possible. Where not, nobody need be troubled: the next decision has one less."""
    gap = list(_sound([seconds]))
    try:
        home.mkdir(parents=True, exist_ok=True)
        with _alone(home):
            kept = [round(known, 1) for known in [*load_gaps(home), *gap]][-MOST:]
            replace(home / _NAME, json.dumps({"gaps": kept}).encode() + b"\n")
    except (OSError, ToolError):
        return False
    return bool(gap)


@contextmanager
def _alone(home: Path) -> Generator[None]:
    """Alone with the file: two sessions at once must not lose each other's gaps."""
    with (home / f"{_NAME}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class Gaps:
    """The gaps of the person who types here, as they come. `known` grows."""

    def __init__(self, home: Path) -> None:
        self.known = load_gaps(home)
        self._home = home
        self._ended: float | None = None

    def heard(self, event: Event) -> None:
        """A gap begins when a turn of main has ended, and ends when the person has it go on."""
        if event.branch != "main":
            return
        if isinstance(event, TurnEnded):
            self._ended = event.at
        elif isinstance(event, UserSaid) or (isinstance(event, Requested) and event.purpose == "turn"):
            ended, self._ended = self._ended, None
            if ended is not None:
                self._over(event.at - ended)

    def left(self, ended: float) -> None:
        """A session is gone on with whose last turn `ended` then: that gap is over with its next words."""
        self._ended = ended

    def _over(self, seconds: float) -> None:
        """Written in a thread: a slow disk must not hold the turn."""
        gap = list(_sound([seconds]))
        self.known += gap
        del self.known[:-MOST]
        if gap:
            asyncio.get_running_loop().run_in_executor(None, add_gap, self._home, seconds)
