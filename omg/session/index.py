"""The index over all sessions, in `index.sqlite` below OMG's home: derived from the logs, never needed to read one.

Each log is read on from where the last reading ended, in one transaction a file: whoever is killed meanwhile leaves the
index as it was before that file or after it. It may be removed at any time, and is then made again.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from omg.session import search
from omg.session.database import Busy, Database, Tell, has_words, transaction
from omg.session.follow import Place, goes_on, is_log, place, read_on
from omg.session.query import Query
from omg.session.scan import Scan, State, Text
from omg.session.summary import Found, Summary

_AT_A_TIME = 1000
"""Texts that are gathered before they are written."""


def _silent(_: str) -> None: ...


@dataclass(frozen=True, slots=True)
class _File:
    """A log as the folder lists it."""

    name: str
    inode: int
    size: int
    mtime: int


class Index:
    """The index of the sessions below `home`. Threads may share it: one may search while another updates.

    `tell` is given a line where the index had to be made again, or cannot be kept. `patience` is how many seconds to
    wait while another process writes; after that, what is there is searched. `words` is whether to search full text;
    None: where it can be.
    """

    def __init__(self, home: Path, tell: Tell = _silent, patience: float = 10.0, words: bool | None = None) -> None:
        self.logs = home / "sessions"
        kept, full = home / "index.sqlite", has_words() if words is None else words
        self._writes = Database(kept, tell, patience, full)
        self._reads = Database(kept, _silent, patience, full)

    def update(self, progress: Callable[[int], None] | None = None) -> None:
        """Take what was written since into account. `progress` is told first how many bytes are to be read."""
        try:
            self._writes.run(lambda base: self._update(base, progress))
        except Busy:
            return

    def find(self, query: Query, limit: int) -> list[Found]:
        """The sessions that `query` admits, as last updated, the newest first. Raises Busy."""
        return self._reading.run(lambda base: search.find(base, self.logs, query, limit, self._reads.words))

    def summary(self, id: str) -> Summary | None:
        """One session, as last updated. Raises Busy."""
        return self._reading.run(lambda base: search.summary(base, self.logs, id))

    def said(self, id: str, most: int) -> list[tuple[str, str]]:
        """The last texts of a session's main branch, the newest last: kind and text. Raises Busy."""
        return self._reading.run(lambda base: search.said(base, id, most))

    @property
    def _reading(self) -> Database:
        return self._writes if self._writes.in_memory else self._reads

    def close(self) -> None:
        """Let go of the file."""
        self._writes.close()
        self._reads.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _update(self, base: sqlite3.Connection, progress: Callable[[int], None] | None) -> None:
        listed = {file.name: file for file in _listed(self.logs)}
        rows = base.execute("SELECT name, inode, size, mtime, offset FROM files").fetchall()
        known = {str(name): (_File(name, inode, size, mtime), int(offset)) for name, inode, size, mtime, offset in rows}
        changed = [file for name, file in listed.items() if name not in known or known[name][0] != file]
        if progress is not None:
            before = {name: offset for name, (_, offset) in known.items()}
            progress(sum(max(0, file.size - before.get(file.name, 0)) for file in changed))
        for file in changed:
            try:
                self._take(base, file)
            except OSError:  # gone meanwhile, or not ours to read
                continue
        for name in known.keys() - listed.keys():
            with transaction(base):
                self._forget(base, name)

    def _take(self, base: sqlite3.Connection, file: _File) -> None:
        """Read on in one log."""
        path = self.logs / f"{file.name}.jsonl"
        with transaction(base):
            row = base.execute("SELECT num, inode, offset, mark, state FROM files WHERE name = ?", (file.name,))
            last = row.fetchone()
            state = _state(last[4]) if last and last[1] == file.inode else None
            if state is not None and goes_on(path, Place(last[2], last[3])):
                num, start = int(last[0]), int(last[2])
            else:
                self._forget(base, file.name)
                num, start, state = _numbered(base, file), 0, State()
            end, state = self._read(base, path, num, start, state)
            _keep(base, num, file, place(path, end), state)

    def _read(self, base: sqlite3.Connection, path: Path, num: int, start: int, state: State) -> tuple[int, State]:
        reached, scan = start, Scan(state)
        if not is_log(path):
            return 0, state
        for lines, end in read_on(path, start):
            reached = end
            for line in lines:
                scan.take(line)
            if len(scan.added) >= _AT_A_TIME or scan.dropped:
                self._write(base, num, scan)
        self._write(base, num, scan)
        return reached, state

    def _write(self, base: sqlite3.Connection, num: int, scan: Scan) -> None:
        first, last = search.span(num)
        for branch, node in scan.dropped:
            rows = base.execute(
                "SELECT id, text FROM texts WHERE id BETWEEN ? AND ? AND branch = ? AND node = ?",
                (first, last, branch, node),
            )
            self._delete(base, rows.fetchall())
        added = [(first + text.place, text) for text in scan.added]
        base.executemany("INSERT INTO texts VALUES(?, ?, ?, ?, ?)", _columns(added))
        if self._writes.words:
            pairs = [(id, text.text) for id, text in added]
            base.executemany("INSERT INTO words(rowid, text) VALUES(?, ?)", pairs)
        scan.added.clear()
        scan.dropped.clear()

    def _delete(self, base: sqlite3.Connection, rows: Sequence[tuple[int, str]]) -> None:
        if self._writes.words:
            base.executemany("INSERT INTO words(words, rowid, text) VALUES('delete', ?, ?)", rows)
        base.executemany("DELETE FROM texts WHERE id = ?", [(id,) for id, _ in rows])

    def _forget(self, base: sqlite3.Connection, name: str) -> None:
        """Take a log out of the index."""
        row = base.execute("SELECT num FROM files WHERE name = ?", (name,)).fetchone()
        if row is not None:
            ids = search.span(int(row[0]))
            self._delete(base, base.execute("SELECT id, text FROM texts WHERE id BETWEEN ? AND ?", ids).fetchall())
            base.execute("DELETE FROM files WHERE num = ?", (row[0],))


def _listed(folder: Path) -> Iterator[_File]:
    """The logs in a folder; none where there is no such folder, or it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name, ending = os.path.splitext(entry.name)  # noqa: PTH122 - thousands of names
                if ending == ".jsonl" and name.isprintable() and entry.is_file():
                    stat = entry.stat()
                    yield _File(name, stat.st_ino, stat.st_size, stat.st_mtime_ns)
    except OSError:
        return


def _state(text: str) -> State | None:
    """What was kept of a log; None where that cannot be read."""
    try:
        return State.from_json(text)
    except (ValueError, TypeError):
        return None


def _numbered(base: sqlite3.Connection, file: _File) -> int:
    """A row for a log, and its number. A number that was in use may come again: nothing of it is left."""
    return int(base.execute("INSERT INTO files(name) VALUES(?)", (file.name,)).lastrowid or 0)


def _columns(added: Sequence[tuple[int, Text]]) -> Iterator[tuple[int, str, str | None, str, str]]:
    return ((id, text.branch, text.node, text.kind, text.text) for id, text in added)


def _keep(base: sqlite3.Connection, num: int, file: _File, end: Place, state: State) -> None:
    """Write down what was read of a log."""
    requests, cost = state.figures()
    values = {
        "inode": file.inode,
        "size": file.size,
        "mtime": file.mtime,
        "offset": end.offset,
        "mark": end.mark,
        "state": state.to_json(),
        "id": state.id or None,
        "folder": state.folder,
        "title": state.title,
        "created": state.created,
        "updated": file.mtime / 1e9,
        "parent": state.parent,
        "branch": state.git,
        "turns": state.turns,
        "forks": state.forks,
        "requests": requests,
        "cost": cost,
    }
    base.execute(
        f"UPDATE files SET {', '.join(f'{name} = ?' for name in values)} WHERE num = ?", (*values.values(), num)
    )
