"""Questions to the index: which sessions a query admits, and where its words stand in them."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from omg.session.query import Query
from omg.session.summary import Found, Hit, Summary
from omg.session.title import clean

_PLACES = 1 << 32
"""Texts that one session can have: a text's id is the session's number times this, and its place."""
_HITS = 3
"""Places that are told of each session."""
_AROUND = 60
"""Characters before and behind a word in a snippet."""
_COLUMNS = "num, name, folder, title, created, updated, parent, branch, turns, forks, requests, cost"
# Scripts that put no spaces between words: FTS5 takes a whole run of them for one word.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)

_Row = tuple[int, str, str, str, float, float, str | None, str | None, int, int, int, float | None]


def span(num: int) -> tuple[int, int]:
    """The ids of the texts of session number `num`: the first (of no text), and the last."""
    return num * _PLACES, (num + 1) * _PLACES - 1


def find(base: sqlite3.Connection, logs: Path, query: Query, limit: int, full: bool) -> list[Found]:
    """The sessions in `logs` that `query` admits, the newest first. `full`: whether there is an index of words."""
    where, values = _filters(query)
    words = tuple(word for word in (" ".join(clean(word).split()) for word in query.words) if word)
    if not words:
        rows = base.execute(
            f"SELECT {_COLUMNS} FROM files WHERE {where} ORDER BY updated DESC, name LIMIT ?", (*values, limit)
        )
        return [Found(_summary(logs, row)) for row in rows]
    looked = _Words(base, words, full)
    found: list[Found] = []
    for row in base.execute(
        f"SELECT {_COLUMNS} FROM files WHERE {where} ORDER BY updated DESC, name", values
    ).fetchall():
        hits = (*looked.in_title(row), *looked.hits(row[0]))
        if hits:
            found.append(Found(_summary(logs, row), hits))
            if len(found) == limit:
                break
    return found


def summary(base: sqlite3.Connection, logs: Path, id: str) -> Summary | None:
    """The session `id`."""
    row = base.execute(f"SELECT {_COLUMNS} FROM files WHERE name = ? AND id IS NOT NULL", (id,)).fetchone()
    return None if row is None else _summary(logs, row)


def said(base: sqlite3.Connection, id: str, most: int) -> list[tuple[str, str]]:
    """The last texts of the main branch of session `id`, the newest last: kind and text."""
    row = base.execute("SELECT num FROM files WHERE name = ?", (id,)).fetchone()
    if row is None:
        return []
    sql = "SELECT kind, text FROM texts WHERE id BETWEEN ? AND ? AND branch = 'main' ORDER BY id DESC LIMIT ?"
    return base.execute(sql, (*span(row[0]), most)).fetchall()[::-1]


def _filters(query: Query) -> tuple[str, list[object]]:
    """All of a query but its words, as SQL."""
    parts, values = ["id IS NOT NULL"], list[object]()
    if query.folder is not None:
        below = query.folder.rstrip("/") + "/"
        parts.append("(folder = ? OR substr(folder, 1, ?) = ?)")
        values += [query.folder, len(below), below]
    for column, compared, value in (
        ("branch", "=", query.branch),
        ("updated", ">=", query.since),
        ("updated", "<=", query.until),
    ):
        if value is not None:
            parts.append(f"{column} {compared} ?")
            values.append(value)
    return " AND ".join(parts), values


def _summary(logs: Path, row: _Row) -> Summary:
    _, name, folder, title, created, updated, parent, branch, turns, forks, requests, cost = row
    path = logs / f"{name}.jsonl"
    return Summary(name, path, folder, title, created, updated, parent, branch, turns, forks, requests, cost)


class _Words:
    """Words that must all stand in one text. The last may be the beginning of one, as it is while it is typed."""

    def __init__(self, base: sqlite3.Connection, words: tuple[str, ...], full: bool) -> None:
        self._base, self._words = base, words
        indexed = full and all(any(map(str.isalnum, word)) and not _UNSPACED.search(word) for word in words)
        self._pattern = _whole(words) if indexed else re.compile("|".join(map(re.escape, words)), re.IGNORECASE)
        # All places in one question: to ask again for each session would merge the texts of a beginning each time.
        sql, values = _matched(words) if indexed else _alike(words)
        self._places: dict[int, list[int]] = defaultdict(list)
        for (id,) in base.execute(sql, values):
            self._places[id >> 32].append(id)

    def in_title(self, row: _Row) -> Iterator[Hit]:
        """A hit where all the words stand in the title."""
        title = row[3]
        if all(word.casefold() in title.casefold() for word in self._words):
            yield Hit("main", None, "title", *_around(title, self._pattern))

    def hits(self, num: int) -> Iterator[Hit]:
        """The newest places in session number `num`."""
        for id in reversed(self._places.get(num, [])[-_HITS:]):
            row = self._base.execute("SELECT branch, node, kind, text FROM texts WHERE id = ?", (id,)).fetchone()
            branch, node, kind, text = row
            yield Hit(branch, node, kind, *_around(text, self._pattern))


def _matched(words: tuple[str, ...]) -> tuple[str, list[str]]:
    quoted = ['"' + word.replace('"', " ") + '"' for word in words]
    return "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid", [" AND ".join(quoted) + "*"]


def _alike(words: tuple[str, ...]) -> tuple[str, list[str]]:
    patterns = ["%" + re.sub(r"([%_\\])", r"\\\1", word) + "%" for word in words]
    condition = " AND ".join(["text LIKE ? ESCAPE '\\'"] * len(patterns))
    return f"SELECT id FROM texts WHERE {condition} ORDER BY id", patterns


def _whole(words: tuple[str, ...]) -> re.Pattern[str]:
    """Matches whole words, as the index has them: what stands between their parts does not matter. The last may be the
    beginning of one."""
    parts = [r"[\W_]+".join(map(re.escape, re.findall(r"[^\W_]+", word))) for word in words]
    *whole, last = (rf"(?<![^\W_]){part}" for part in parts)
    return re.compile("|".join([*(rf"{part}(?![^\W_])" for part in whole), last]), re.IGNORECASE)


def _around(text: str, pattern: re.Pattern[str]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The text around the first place that `pattern` matches, and where it matches in that."""
    first = pattern.search(text) or pattern.search(text := _unaccented(text))
    at = first.start() if first else 0
    start = text.rfind(" ", 0, at - _AROUND) + 1 if at > _AROUND else 0
    end = text.find(" ", at + _AROUND) if len(text) > at + 2 * _AROUND else -1
    cut = ("…" if start else "") + (text[start:end] + "…" if end > 0 else text[start:])
    return cut, tuple(found.span() for found in pattern.finditer(cut))


def _unaccented(text: str) -> str:
    """`text` without accents, as the index compares it."""
    return "".join(
        character for character in unicodedata.normalize("NFKD", text) if not unicodedata.combining(character)
    )
