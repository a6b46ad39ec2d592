"""A session picker without a screen: what is typed becomes rows to choose from, with a preview of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from omg.core.amounts import money
from omg.core.trouble import Trouble
from omg.session.query import Query, parse_query
from omg.session.summary import Found, Summary

Clock = Callable[[], float]
"""Seconds, UTC epoch."""
ROWS = 50
"""Rows that are found at most."""


class Source(Protocol):
    """Where sessions are found. Both may take a while when an index has to be made first: call them in a thread."""

    def find(self, query: Query, limit: int = ROWS) -> Sequence[Found]:
        """The sessions that `query` admits, the newest first."""
        ...

    def preview(self, id: str) -> str:
        """The end of a session's main branch, as plain text: who said what, the newest last."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """One session to choose: `number` counts from 1; `title` and `about` (when, where, how much) are a line each, `hit`
    a line around the words that were looked for, or empty, and `marks` where they begin and end in it. All of it is
    text that people wrote: a screen makes it clean first, one character for one.
    """

    number: int
    id: str
    title: str
    about: str
    hit: str = ""
    marks: tuple[tuple[int, int], ...] = ()


class Picker:
    """Rows for what was typed last. `current` is left out of them: the session one is in."""

    def __init__(self, source: Source, here: Path, clock: Clock, current: str | None = None) -> None:
        self.rows: tuple[Row, ...] = ()
        self.current = current
        self._source, self._here, self._clock = source, here, clock

    def search(self, text: str) -> tuple[Row, ...]:
        """The rows for a line as `parse_query` reads it, the newest first. Raises BadQuery, and keeps the rows then."""
        now = self._clock()
        found = self._source.find(parse_query(text, now, self._here))
        kept = [one for one in found if one.summary.id != self.current]
        self.rows = tuple(_row(number, one, now) for number, one in enumerate(kept, 1))
        return self.rows

    def preview(self, row: Row) -> str:
        """What to show beside or below a row that is looked at."""
        return self._source.preview(row.id)

    def choose(self, text: str) -> str:
        """The id that `text` means: a row's number, an id or its beginning, or words with a single row. Raises Trouble,
        and then `rows` are those of the words."""
        text = text.strip()
        if text.isdecimal() and 1 <= int(text) <= len(self.rows):
            return self.rows[int(text) - 1].id
        named = [row.id for row in self.rows if text and row.id.startswith(text)]
        if len(named) == 1:
            return named[0]
        rows = self.search(text)
        if len(rows) == 1:
            return rows[0].id
        raise Trouble(f"{len(rows)} sessions match: say a number" if rows else f"no session matches {text!r}")


def _row(number: int, found: Found, now: float) -> Row:
    title, about = found.summary.title or "(no words yet)", _about(found.summary, now)
    hit = next((hit for hit in found.hits if hit.kind != "title"), None)
    if hit is None:
        return Row(number, found.summary.id, title, about)
    where = "" if hit.branch == "main" else f"{hit.branch}: "
    marks = tuple((start + len(where), end + len(where)) for start, end in hit.marks)
    return Row(number, found.summary.id, title, about, where + hit.snippet, marks)


def _about(summary: Summary, now: float) -> str:
    parts = [
        ago(now - summary.updated),
        short_folder(summary.folder),
        summary.branch or "",
        count(summary.turns, "turn"),
        count(summary.forks, "fork") if summary.forks else "",
        money(summary.cost_usd) if summary.cost_usd else "",
    ]
    return " · ".join(part for part in parts if part)


def count(number: int, what: str) -> str:
    """`1 turn`, `2 turns`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def ago(seconds: float) -> str:
    """How long ago, short: now, 5 min, 3 h, 2 days."""
    minutes = max(0.0, seconds) / 60
    if minutes < 1:
        return "now"
    if minutes < 60:
        return f"{minutes:.0f} min ago"
    if minutes < 24 * 60:
        return f"{minutes / 60:.0f} h ago"
    return f"{count(round(minutes / 60 / 24), 'day')} ago"


def short_folder(folder: str) -> str:
    """A folder with the home folder as `~`."""
    home = str(Path.home())
    return "~" + folder.removeprefix(home) if folder == home or folder.startswith(f"{home}/") else folder
