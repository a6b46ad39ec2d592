"""Where sessions are kept, and how one is found by its name."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import cast

from omg.session.load import NoSession
from omg.session.log import Damage, read_lines


class Store:
    """The sessions below `home`."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home / "sessions"

    def new_id(self) -> str:
        """An id that no session here has."""
        while self.path(id := secrets.token_hex(6)).exists():
            continue
        return id

    def path(self, id: str) -> Path:
        return self.folder / f"{id}.jsonl"

    def kept(self, id: str) -> Path:
        """The folder that holds what files held before the session wrote over them."""
        return self.folder / f"{id}.files"

    def newest(self) -> Iterator[Path]:
        """The logs in which something has happened, the newest first."""
        return (path for path, _ in self._begun())

    def _begun(self) -> Iterator[tuple[Path, dict[str, object]]]:
        """The logs that begin like a session, with their first records, the newest first."""
        times: list[tuple[float, Path]] = []
        for path in self.folder.glob("*.jsonl"):
            with suppress(OSError):  # gone meanwhile
                times.append((path.stat().st_mtime, path))
        for _, path in sorted(times, reverse=True):
            first = _first(path)
            if first is not None:
                yield path, first

    def find(self, name: str, folder: Path) -> Path:
        """The log of the session called `name`: an id, a unique beginning of one, or `last` (the newest of
        `folder`). Raises NoSession."""
        if name == "last":
            return self._last(folder)
        if self.path(name).is_file() and name.isalnum():
            return self.path(name)
        matches = sorted(path for path in self.folder.glob("*.jsonl") if name and path.stem.startswith(name))
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise NoSession(f"{len(matches)} sessions begin with {name!r}: {_few(path.stem for path in matches)}")
        raise NoSession(f"there is no session {name!r}: `omg sessions` lists them")

    def _last(self, folder: Path) -> Path:
        here = str(folder.resolve())
        for path, first in self._begun():
            if first["folder"] == here:
                return path
        raise NoSession(f"there is no session in {here} yet: begin one with `omg`")

    def children(self, id: str) -> list[Path]:
        """The logs of the sessions that were forked from session `id`."""
        return [path for path, first in self._begun() if first.get("parent") == id]


def _few(ids: Iterable[str]) -> str:
    listed = list(ids)
    return ", ".join(listed[:5]) + (", …" if len(listed) > 5 else "")


def _first(path: Path) -> dict[str, object] | None:
    """The first record of a log; None where it is not one, or has gone meanwhile."""
    try:
        line = next(read_lines(path), None) if path.is_file() else None
        found: object = None if line is None or isinstance(line, Damage) else json.loads(line.data)
    except (OSError, ValueError):
        return None
    values = cast(dict[str, object], found) if isinstance(found, dict) else {}
    return values if values.get("kind") == "session" and {"id", "folder"} <= values.keys() else None
