"""What was typed before, kept for every session."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from prompt_toolkit.history import FileHistory


class Kept(FileHistory):
    """A history file that only its owner can read. Where it cannot be written, that is told once."""

    def __init__(self, path: Path, trouble: Callable[[OSError], None]) -> None:
        super().__init__(str(path))
        self._path, self._trouble, self._told = path, trouble, False

    def load_history_strings(self) -> list[str]:
        """What the file holds, the newest first. Called in a thread."""
        try:
            return list(super().load_history_strings())
        except OSError:  # to read nothing is no trouble; not to write is, and is told then
            return []

    def store_string(self, string: str) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_CREAT | os.O_WRONLY, 0o600))
            super().store_string(string)
        except OSError as error:
            if not self._told:
                self._told = True
                self._trouble(error)
