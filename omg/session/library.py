"""All saved sessions, as front ends ask for them: found through the index, which is brought up to date behind them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from omg.session.database import Busy
from omg.session.index import Index
from omg.session.picker import ROWS
from omg.session.query import Query
from omg.session.summary import Found, Summary

_SOON = 1.0
"""Seconds in which the logs are not looked at again."""
_SAID = 12
"""Texts that a preview shows."""
_LINES = {"words": "› ", "task": "› ", "call": "▸ "}


class Library:
    """The sessions below `home`: a `picker.Source`. Nothing is read before the first question.

    `wait` is how many seconds a question waits for what was written since to be indexed; None: until it is. What is
    there is searched then, and `reading` says that there is more to come.
    """

    def __init__(self, home: Path, wait: float | None = 0.3, progress: Callable[[int], None] | None = None) -> None:
        self._told: list[str] = []
        self._index = Index(home, self._told.append)
        self._wait, self._progress = wait, progress
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._updated = float("-inf")

    @property
    def reading(self) -> bool:
        """Whether the index is being brought up to date."""
        return self._thread is not None and self._thread.is_alive()

    def told(self) -> list[str]:
        """What there is to say of the index, once."""
        told = list(self._told)
        del self._told[: len(told)]
        return told

    def find(self, query: Query, limit: int = ROWS) -> list[Found]:
        """The sessions that `query` admits, the newest first."""
        self.refresh()
        if self._thread is not None:
            self._thread.join(self._wait)
        try:
            return self._index.find(query, limit)
        except Busy:
            self._told.append("another process is writing the index of sessions: try again")
            return []

    def summary(self, id: str) -> Summary | None:
        """One session, as it is now: waits for the index."""
        self.settle(None)
        return self._index.summary(id)

    def preview(self, id: str) -> str:
        """The end of what was said on main, as plain text, the newest last."""
        said = self._index.said(id, _SAID)
        return "\n".join(f"{_LINES.get(kind, '')}{text}" for kind, text in said)

    def refresh(self) -> None:
        """Begin to bring the index up to date, in a thread, unless that was done just now."""
        if time.monotonic() - self._updated >= _SOON:
            self._start()

    def settle(self, seconds: float | None) -> None:
        """Take into account all that was written until now; wait for that so many seconds at most (None: as long as it
        takes)."""
        if self._thread is not None:
            self._thread.join(seconds)
        self._start()
        if self._thread is not None:
            self._thread.join(seconds)

    def _start(self) -> None:
        with self._lock:
            if not self.reading:
                thread = threading.Thread(target=self._update, name="index of sessions", daemon=True)
                thread.start()
                self._thread = thread  # only now: whoever settles joins it

    def close(self) -> None:
        """Let go of the index, which is as it was last committed."""
        if not self.reading:
            self._index.close()

    def _update(self) -> None:
        self._index.update(self._progress)
        self._updated = time.monotonic()
