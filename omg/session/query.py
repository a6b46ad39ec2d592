"""What somebody looks for among the sessions: words, a folder, a git branch, a span of days. Typed as one line."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from omg.core.trouble import Trouble

_TERM = re.compile(r'(?:(folder|branch|since|until):)?("[^"]*"?|[^\s"]+)')
_AGO = re.compile(r"(\d{1,4})([hdwmy])")
_HOURS = {"h": 1, "d": 24, "w": 7 * 24, "m": 30 * 24, "y": 365 * 24}


class BadQuery(Trouble):
    """What was typed cannot be looked for. One line, with what can."""


@dataclass(frozen=True, slots=True)
class Query:
    """All that is given must hold. A word may hold spaces: then its words stand side by side.

    `folder` is a real path: sessions of it and of folders below it. `since` and `until` are in seconds, UTC epoch: when
    a session was last worked in.
    """

    words: tuple[str, ...] = ()
    folder: str | None = None
    branch: str | None = None
    since: float | None = None
    until: float | None = None

    @property
    def narrowed(self) -> bool:
        """Whether anything is asked for at all."""
        return self != Query()

    def admits(self, folder: str, branch: str | None, updated: float) -> bool:
        """Whether a session passes, words aside."""
        below = self.folder is None or folder == self.folder or folder.startswith(self.folder.rstrip("/") + "/")
        return (
            below
            and (self.branch is None or branch == self.branch)
            and (self.since is None or updated >= self.since)
            and (self.until is None or updated <= self.until)
        )


def parse_query(text: str, now: float, here: Path) -> Query:
    """`words "side by side" folder:DIR branch:NAME since:DAY until:DAY`, as one line. Raises BadQuery.

    A folder is taken from `here`; a day is a date, `today`, `yesterday`, or so long ago: 12h, 3d, 2w, 6m, 1y.
    """
    query, words = Query(), list[str]()
    for name, value in _TERM.findall(text):
        value = value.strip('"')
        match name if value else None:
            case "folder":
                query = replace(query, folder=real_folder(value, here))
            case "branch":
                query = replace(query, branch=value)
            case "since":
                query = replace(query, since=parse_day(value, now))
            case "until":
                query = replace(query, until=parse_day(value, now, end=True))
            case _:
                words += [value] if value else []
    return replace(query, words=tuple(words))


def real_folder(name: str, here: Path) -> str:
    """The real path of a folder, which need not be there any more."""
    return os.path.realpath(here / Path(os.path.expanduser(name)))  # noqa: PTH111 - `~nobody` stays as it is


def parse_day(text: str, now: float, *, end: bool = False) -> float:
    """A day as seconds, UTC epoch: its first, or with `end` its last; local time. Raises BadQuery."""
    ago = _AGO.fullmatch(text)
    try:
        if ago:
            return now - 3600 * int(ago[1]) * _HOURS[ago[2]]
        return _day(text, now, end).timestamp()
    except (ValueError, OverflowError, OSError):
        raise BadQuery(f"{text!r} is no day: say 2026-11-20, today, yesterday, or 12h, 3d, 2w, 6m, 1y ago") from None


def _day(text: str, now: float, end: bool) -> datetime:
    back = {"today": 0, "yesterday": 1}.get(text)
    if back is None:
        found = datetime.fromisoformat(text)
        if len(text) > len("2026-11-20"):
            return found
    else:
        found = datetime.fromtimestamp(now).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=back)
    return found + timedelta(days=1, microseconds=-1) if end else found
