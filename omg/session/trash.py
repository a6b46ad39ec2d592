"""The trash: sessions that were deleted, each in a folder of its own with a manifest, until put back or pruned.

The log is moved last, in both directions: it is the session, so whoever is killed meanwhile leaves the session where it
was, and doing it again does the rest.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from omg.core.trouble import Trouble
from omg.session.load import NoSession
from omg.session.log import Log, SessionBusy
from omg.session.store import Store
from omg.session.summary import Summary

_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is known of a deleted session. Times are in seconds, UTC epoch."""

    id: str
    title: str
    folder: str
    created: float
    updated: float
    deleted: float
    parent: str | None = None


class Trash:
    """The trash of the sessions in `store`."""

    def __init__(self, store: Store) -> None:
        self.folder = store.home / "trash"
        self._store = store

    def delete(self, summary: Summary, now: float) -> None:
        """Move a session and its side files here. What was forked from it has its own log, and works on.

        Raises Trouble where it is open, or cannot be moved.
        """
        place, log_path = self.folder / summary.id, self._store.path(summary.id)
        if not log_path.is_file():
            raise NoSession(f"there is no session {summary.id!r}: `omg sessions` lists them")
        if (place / log_path.name).exists():
            raise Trouble(f"the trash holds a session {summary.id} already: `omg sessions prune` empties it")
        try:
            with Log(log_path):
                place.mkdir(parents=True, exist_ok=True)
                self._write(place, summary, now)
                _move(self._files(summary.id), place)
        except SessionBusy as error:
            raise Trouble(f"session {summary.id} is open in another process: leave it first") from error
        except OSError as error:
            raise Trouble(f"cannot delete session {summary.id}: {error.strerror or error}") from error

    def restore(self, name: str) -> str:
        """Put back the session whose id is, or begins with, `name`; its id. Raises Trouble."""
        found = [manifest.id for manifest in self.entries() if name and manifest.id.startswith(name)]
        if len(found) != 1:
            many = f"{len(found)} sessions there begin with {name!r}" if found else f"there is no session {name!r}"
            raise NoSession(f"{many} in the trash: `omg sessions --trash` lists it")
        id = found[0]
        place = self.folder / id
        if self._store.path(id).exists():
            raise Trouble(f"there is a session {id} again: delete that one first")
        try:
            self._store.folder.mkdir(parents=True, exist_ok=True)
            _move([path for path in place.iterdir() if path.name != _MANIFEST], self._store.folder)
            shutil.rmtree(place)
        except OSError as error:
            raise Trouble(f"cannot put session {id} back: {error.strerror or error}") from error
        return id

    def entries(self) -> list[Manifest]:
        """What is in the trash, the newest first."""
        places = self.folder.iterdir() if self.folder.is_dir() else ()
        found = [_manifest(place) for place in places if (place / f"{place.name}.jsonl").is_file()]
        return sorted(found, key=lambda manifest: manifest.deleted, reverse=True)

    def summaries(self) -> list[Summary]:
        """The same as sessions in a list."""
        return [
            Summary(
                one.id,
                self.folder / one.id / f"{one.id}.jsonl",
                one.folder,
                one.title,
                one.created,
                one.updated,
                one.parent,
                deleted=one.deleted,
            )
            for one in self.entries()
        ]

    def prune(self, before: float) -> list[str]:
        """Remove for good what was deleted before a time; the ids. Raises Trouble."""
        old = [manifest.id for manifest in self.entries() if manifest.deleted < before]
        for id in old:
            try:
                shutil.rmtree(self.folder / id)
            except OSError as error:
                raise Trouble(f"cannot remove {self.folder / id}: {error.strerror or error}") from error
        return old

    def _files(self, id: str) -> list[Path]:
        """The log of a session and what lies beside it under its name."""
        return [path for path in self._store.folder.iterdir() if path.name.startswith(f"{id}.")]

    def _write(self, place: Path, summary: Summary, now: float) -> None:
        manifest = Manifest(
            summary.id, summary.title, summary.folder, summary.created, summary.updated, now, summary.parent
        )
        text = json.dumps(asdict(manifest), ensure_ascii=False, indent=1)
        (place / _MANIFEST).write_text(text + "\n", "utf-8", "replace")


def _move(files: list[Path], to: Path) -> None:
    """Move files of one session, its log last."""
    for path in sorted(files, key=lambda path: path.suffix == ".jsonl"):
        path.rename(to / path.name)


def _manifest(place: Path) -> Manifest:
    """What was written down of a deleted session; what can be seen of it where that cannot be read."""
    try:
        values = json.loads((place / _MANIFEST).read_text("utf-8"))
        times = (float(values["created"]), float(values["updated"]), float(values["deleted"]))
        return Manifest(place.name, str(values["title"]), str(values["folder"]), *times, values.get("parent"))
    except (OSError, ValueError, TypeError, KeyError):
        seen = (place / f"{place.name}.jsonl").stat()
        return Manifest(place.name, "", "", seen.st_mtime, seen.st_mtime, seen.st_ctime)
