"""Where sessions are kept, how one is found, and the list of them all."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from omg.session.load import NoSession
from omg.session.log import Damage, read_lines
from omg.session.summary import Summary

_TITLE = 80
"""Characters of a title: the beginning of the first words."""
_LOOKED_AT = 200
"""Records that are looked through for a title."""


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

    def summaries(self) -> list[Summary]:
        """All sessions whose beginning can be read, the newest first."""
        found = [summary for path in self.folder.glob("*.jsonl") if (summary := _summary(path))]
        return sorted(found, key=lambda summary: summary.updated, reverse=True)

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
        for summary in self.summaries():
            if summary.folder == here:
                return summary.path
        raise NoSession(f"there is no session in {here} yet: begin one with `omg`")

    def children(self, id: str) -> list[Summary]:
        """The sessions that were forked from session `id`."""
        return [summary for summary in self.summaries() if summary.parent == id]


def _few(ids: Iterable[str]) -> str:
    listed = list(ids)
    return ", ".join(listed[:5]) + (", …" if len(listed) > 5 else "")


def _summary(path: Path) -> Summary | None:
    """What the beginning of a log says; None where it is not one, or has gone meanwhile."""
    try:
        objects = _objects(path)
        first = next(objects, None)
        if first is None or first.get("kind") != "session":
            return None
        title = next((words for values in objects if (words := _words(values))), "")
        updated = path.stat().st_mtime
    except OSError:
        return None
    parent = first.get("parent")
    return Summary(
        str(first["id"]),
        path,
        str(first["folder"]),
        title,
        float(str(first["at"])),
        updated,
        str(parent) if parent else None,
    )


def _objects(path: Path) -> Iterator[dict[str, object]]:
    for count, line in enumerate(read_lines(path)):
        if count >= _LOOKED_AT:
            return
        if not isinstance(line, Damage):
            yield json.loads(line.data)


def _words(values: dict[str, object]) -> str:
    """The person's own words in a node's record, as a title."""
    at, message = values.get("words"), values.get("message")
    if not isinstance(at, int) or not isinstance(message, dict):
        return ""
    text = " ".join(str(message["content"][at]["text"]).split())  # pyright: ignore[reportUnknownArgumentType]
    return text if len(text) <= _TITLE else text[: _TITLE - 1] + "…"
