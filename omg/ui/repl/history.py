"""The history of the line editor: the file that all front ends share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from prompt_toolkit.history import History

from omg.session.history import keep, load


class Kept(History):
    """A history file that only its owner can read. Where it cannot be written, that is told once."""

    def __init__(self, path: Path, trouble: Callable[[OSError], None]) -> None:
        super().__init__()
        self._path, self._trouble, self._told = path, trouble, False

    def load_history_strings(self) -> list[str]:
        """What the file holds, the newest first. Called in a thread."""
        return load(self._path)

    def store_string(self, string: str) -> None:
        try:
            keep(self._path, string)
        except OSError as error:
            if not self._told:
                self._told = True
                self._trouble(error)
