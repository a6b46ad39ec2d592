"""The index's database file: opened by many, made when it is missing, thrown away when it is damaged, in memory where
none can be kept."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from omg.core.trouble import Trouble

_VERSION = 1
"""Raised when what is kept, or how it is derived, changes."""
_TABLES = (
    """CREATE TABLE files(
         num INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, inode INTEGER, size INTEGER, mtime INTEGER,
         offset INTEGER, mark INTEGER, state TEXT, id TEXT, folder TEXT, title TEXT, created REAL, updated REAL,
         parent TEXT, branch TEXT, turns INTEGER, forks INTEGER, requests INTEGER, cost REAL)""",
    "CREATE INDEX by_updated ON files(updated)",
    "CREATE TABLE texts(id INTEGER PRIMARY KEY, branch TEXT, node TEXT, kind TEXT, text TEXT)",
)
_WORDS = """CREATE VIRTUAL TABLE words USING fts5(
              text, content='texts', content_rowid='id', columnsize=0, tokenize='unicode61 remove_diacritics 2')"""
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_UNKEPT = (
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
)
"""What the disk refuses: the index is whole, and cannot be written."""

ValueT = TypeVar("ValueT")
Tell = Callable[[str], None]


class Busy(Trouble):
    """Another process has been writing the index for longer than this one waits."""


def has_words() -> bool:
    """Whether this SQLite can search full text (FTS5); without it texts are looked through one by one."""
    base = sqlite3.connect(":memory:")
    try:
        base.execute("CREATE VIRTUAL TABLE words USING fts5(text)")
    except sqlite3.Error:
        return False
    finally:
        base.close()
    return True


def code_of(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 where the error is not SQLite's own."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


@contextmanager
def transaction(base: sqlite3.Connection) -> Generator[None]:
    """All that is written inside, or nothing. Raises Busy where another process writes for too long."""
    try:
        base.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if code_of(error) in _BUSY:
            raise Busy("another process is writing the index of sessions") from error
        raise
    try:
        yield
        base.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            base.execute("ROLLBACK")
        raise


class Database:
    """One connection, for one thread at a time. `tell` is given a line where the file had to be thrown away, or cannot
    be kept; `patience` is how many seconds to wait for another process."""

    def __init__(self, path: Path, tell: Tell, patience: float, words: bool) -> None:
        self.path, self.words = path, words
        self.in_memory = False
        self._tell, self._patience = tell, patience
        self._base: sqlite3.Connection | None = None
        self._inode = 0
        self._lock = threading.Lock()

    def run(self, work: Callable[[sqlite3.Connection], ValueT]) -> ValueT:
        """Do `work`, again on a new file where this one turns out to be damaged, and at last in memory. Raises Busy."""
        with self._lock:
            for _ in range(3):
                try:
                    return work(self._opened())
                except sqlite3.Error as error:
                    self._give_up(error)
            return work(self._opened())

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._base is not None:
            self._base.close()
            self._base = None

    def _give_up(self, error: sqlite3.Error) -> None:
        """Make the next try another one. Raises `error` where there is none left, and Busy."""
        code = code_of(error)
        if code in _BUSY:
            raise Busy("another process is writing the index of sessions: try again") from error
        if code == 0 or self.in_memory:
            raise error
        if code not in _UNKEPT:
            try:
                self._throw_away()
                self._tell(f"the index of sessions was damaged ({error}): it is made again")
                return
            except OSError as trouble:
                error = sqlite3.OperationalError(trouble.strerror or str(trouble))
        self._close()
        self.in_memory = True
        self._tell(f"cannot keep the index of sessions in {self.path} ({error}): it is made anew each time")

    def _opened(self) -> sqlite3.Connection:
        if self._base is None:
            self._base = self._memory() if self.in_memory else self._file()
        return self._base

    def _file(self) -> sqlite3.Connection:
        """The file, made where it is missing or empty, and made again where it is of another version."""
        with self._alone():
            base = self._connected()
            try:
                version = _version(base)
                if version not in (0, self._version):
                    base.close()
                    self._remove()
                    base = self._connected()
                    version = 0
                if version == 0:
                    self._create(base)
            except BaseException:
                base.close()
                raise
            return base

    @property
    def _version(self) -> int:
        return 2 * _VERSION + self.words

    def _connected(self) -> sqlite3.Connection:
        """The texts in it are as private as the logs: readable by their owner alone."""
        try:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _cannot_open(error) from error
        self._inode = os.fstat(file).st_ino
        os.close(file)
        base = sqlite3.connect(self.path, self._patience, isolation_level=None, check_same_thread=False)
        base.execute("PRAGMA synchronous=NORMAL")
        with suppress(sqlite3.OperationalError):  # somebody is writing, and has set it
            base.execute("PRAGMA journal_mode=WAL")
        return base

    def _create(self, base: sqlite3.Connection) -> None:
        with transaction(base):
            for table in (*_TABLES, *((_WORDS,) if self.words else ())):
                base.execute(table)
            base.execute(f"PRAGMA user_version={self._version}")

    def _memory(self) -> sqlite3.Connection:
        """A copy of the file, if it can be read; else an empty one."""
        base = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        with suppress(sqlite3.Error):
            kept = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
            try:
                kept.backup(base)
                base.execute("SELECT count(*) FROM files").fetchone()
            finally:
                kept.close()
        with suppress(sqlite3.Error):
            if _version(base) == self._version:
                return base
        base.close()
        base = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._create(base)
        return base

    def _throw_away(self) -> None:
        """Remove the file, unless somebody else has already. Raises OSError."""
        with self._alone():
            if self.path.exists() and self.path.stat().st_ino == self._inode:
                self._remove()
            self._close()

    def _remove(self) -> None:
        for suffix in ("-wal", "-shm", ""):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Generator[None]:
        """Nobody else makes or removes the file meanwhile."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock = self.path.with_suffix(".lock").open("a")
        except OSError as error:
            raise _cannot_open(error) from error
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _version(base: sqlite3.Connection) -> int:
    return int(base.execute("PRAGMA user_version").fetchone()[0])


def _cannot_open(error: OSError) -> sqlite3.OperationalError:
    """A refusal of the system, as SQLite would say it."""
    made = sqlite3.OperationalError(error.strerror or str(error))
    made.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
    return made
