"""A project's or a person's own COMPACT.md: what a summary is to keep, and why one that is there is not used."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from omg.core.tool import ToolError
from omg.workspace.regular import read_beginning

NAME = "COMPACT.md"
MOST = 40_000
"""Bytes that one may have: it is sent with every request for a summary."""


class Unusable(ValueError):
    """A file that is there and cannot be used. Says why."""


@dataclass(slots=True)
class OwnBrief:
    """Looks for one in some folders, the first that can be used; `tell` is given a line, once, for one that cannot."""

    folders: Iterable[Path]
    tell: Callable[[str], None]
    _told: set[str] = field(default_factory=set[str])

    def __call__(self) -> str | None:
        """Its text as it is now; None where there is none. Reads files."""
        for folder in self.folders:
            try:
                text = read_brief(folder / NAME)
            except Unusable as error:
                self._tell_once(f"{folder / NAME} is not used for the summary: {error}")
                continue
            if text is not None:
                return text
        return None

    def _tell_once(self, line: str) -> None:
        if line not in self._told:
            self._told.add(line)
            self.tell(line)


def read_brief(path: Path) -> str | None:
    """The text of one; None where there is no such file. Raises Unusable."""
    try:
        data, size = read_beginning(path, MOST)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Unusable(f"it cannot be read ({error.strerror})") from error
    except ToolError as error:
        what = "a folder" if path.is_dir() else "larger than that" if path.is_file() else "no regular file"
        raise Unusable(f"it must be a file of at most {MOST:,} bytes, and is {what}") from error
    if size > len(data):
        raise Unusable(f"it has {size:,} bytes, and may have {MOST:,}")
    try:
        text = data.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise Unusable("it is no UTF-8 text") from error
    if "\0" in text:
        raise Unusable("it is no text")
    if not text:
        raise Unusable("it is empty")
    return text
