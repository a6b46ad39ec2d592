"""The files below a folder that .gitignore does not hide, in sorted order."""

# Names are text, not Path: a Path for each of 100,000 files takes longer to make than the file to find.
# ruff: noqa: PTH113, PTH114

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import overload

from omg.core.tool import ToolError
from omg.workspace import git
from omg.workspace.globs import compile_glob

_SKIPPED = frozenset({"node_modules", "__pycache__"})
"""Outside of a repository nothing says what is generated; these are, and so, mostly, are hidden names."""
_LIMIT = 20.0
"""Seconds that a listing may take: a walk from `/` or a home folder would have no end."""


class Paths(Sequence[Path]):
    """Paths made when they are looked at: a hundred thousand of them would take longer to make than to find."""

    def __init__(self, base: str, names: Sequence[str]) -> None:
        self._base, self._names = Path(base), names

    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, index: int) -> Path: ...
    @overload
    def __getitem__(self, index: slice) -> Paths: ...
    def __getitem__(self, index: int | slice) -> Path | Paths:
        if isinstance(index, slice):
            return Paths(str(self._base), self._names[index])
        return self._base / self._names[index]


def names_under(under: str, pattern: str | None) -> tuple[str, list[str]]:
    """(base, sorted names relative to it) of the files at or below `under`, those that match the glob `pattern`.

    `under` may be a file, or a folder that is itself ignored: it was asked for by name. Symlinks to files count as
    files, symlinks to folders are not followed. Raises OSError, ToolError.
    """
    matches = compile_glob(pattern).fullmatch if pattern is not None else None
    if os.path.isfile(under):
        base, name = os.path.split(under)
        return base, [name] if matches is None or matches(name) else []
    os.scandir(under).close()  # says why it cannot be listed, where it cannot
    names = _names(under, "", time.monotonic() + _LIMIT)
    # A set: git names a file with a merge conflict once for each side.
    return under, sorted({name for name in names if matches is None or matches(name)})


def _names(folder: str, prefix: str, deadline: float) -> Iterator[str]:
    """Names of files below `folder`/`prefix`, relative to `folder`."""
    here = f"{folder}/{prefix}"
    known = _git_names(here, deadline)
    if known is None:
        yield from _walk(folder, prefix, deadline)
        return
    for name in known:
        full = here + name
        if os.path.isfile(full):  # also false for what is deleted but tracked
            yield prefix + name
        elif os.path.lexists(f"{full}/.git") and not os.path.islink(full):
            yield from _names(folder, f"{prefix}{name.rstrip('/')}/", deadline)


def _git_names(folder: str, deadline: float) -> list[str] | None:
    """What git tracks or would, below `folder`; None where git is not the one to ask."""
    left = max(deadline - time.monotonic(), 0.1)
    said = git.output(folder, "ls-files", "-co", "--exclude-standard", "-z", limit=left)
    if said is None or (not said and git.output(folder, "check-ignore", "-q", ".") is not None):
        return None
    return [name for name in os.fsdecode(said).split("\0") if name]


def _walk(folder: str, prefix: str, deadline: float) -> Iterator[str]:
    pending = [prefix]
    while pending:
        here = pending.pop()
        if time.monotonic() > deadline:
            raise ToolError(f"{folder} holds too many files to go through: give a folder further down as path")
        for entry in _entries(f"{folder}/{here}"):
            if entry.name.startswith(".") or entry.name in _SKIPPED:
                continue
            if not entry.is_dir(follow_symlinks=False):
                if os.path.isfile(entry.path):  # false for a loop, where the entry's own raises
                    yield here + entry.name
            elif os.path.lexists(f"{entry.path}/.git"):
                yield from _names(folder, f"{here}{entry.name}/", deadline)
            else:
                pending.append(f"{here}{entry.name}/")


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:  # gone meanwhile, or not ours to look into: then nothing in it is ours to list
        return []
