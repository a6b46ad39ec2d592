"""Files as one branch sees them: read with care, written whole, and remembered."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from omg.core.tool import NoSuchFile, SearchOutcome, ToolError
from omg.workspace import listing, replace, search
from omg.workspace.kept import Kept
from omg.workspace.oswords import words
from omg.workspace.regular import read_regular

# Surrogates do not encode, and a control character in a name would break lines and terminals.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


class BranchFiles:
    """One branch's view of the files: implements `omg.core.tool.Files`.

    `folder` is the branch's folder, its symlinks resolved. `seen` maps the real path of each file this branch has
    read or written to the SHA-256 (hex) of what it saw; whoever keeps the branch may record it. Listings and searches
    pass over files whose absolute path `hidden` is true of.

    Where there is `kept`, what a file holds is kept there before it is written over, and `replaced` tells under which
    hash, by the file's real path, for the first time that it is written; None: there was no file. What cannot be kept
    is written over all the same, and not told.
    """

    def __init__(
        self,
        folder: Path,
        seen: dict[str, str],
        hidden: Callable[[str], bool] | None = None,
        kept: Kept | None = None,
    ) -> None:
        self.folder = Path(os.path.realpath(folder))
        self.seen = seen
        self.replaced: dict[str, str | None] = {}
        self._hidden, self._kept = hidden, kept

    def clone(self) -> BranchFiles:
        """The same view for a fork: what it sees from now on is its own."""
        return BranchFiles(self.folder, dict(self.seen))

    def hiding(self, hidden: Callable[[str], bool]) -> BranchFiles:
        """The same view, and the same memory of what was seen, without the files that `hidden` is true of."""
        return BranchFiles(self.folder, self.seen, hidden, self._kept)

    def keeping(self, kept: Kept | None) -> BranchFiles:
        """The same view, and the same memory of what was seen; what it writes over is kept, and told by it alone."""
        return BranchFiles(self.folder, self.seen, self._hidden, kept)

    def resolve(self, path: str) -> Path:
        """Absolute path of `path`, taken from the branch's folder; `~` is expanded. Raises ToolError."""
        if not path:
            raise ToolError("the path is empty")
        if "\0" in path or not _encodes(path):
            raise ToolError(f"{_printable(path)} is not a path: it holds characters that no name can have")
        full = self.folder / _expanded(path)
        # Behind a symlink, `..` is not the folder that the text says.
        return Path(os.path.realpath(full) if ".." in full.parts else os.path.normpath(full))

    def shown(self, path: Path) -> str:
        """`path` as people and the model read it: relative to the branch's folder where inside it."""
        inside = path.is_relative_to(self.folder)
        return _printable(str(path.relative_to(self.folder) if inside else path))

    def read(self, path: Path) -> bytes:
        """All bytes of a regular file of at most 50 MB. Raises ToolError, NoSuchFile when it is missing."""
        try:
            return read_regular(path, self.shown(path))
        except OSError as error:
            raise self._trouble("read", path, error) from error

    def write(self, path: Path, data: bytes) -> None:
        """Replace or create atomically; mode and symlinks kept; parents made. Raises ToolError."""
        before = {} if self._kept is None else self._before(path, self._kept)
        try:
            replace.replace(path, data)
        except OSError as error:
            raise self._trouble("write", path, error) from error
        self.replaced = before | self.replaced
        self.see(path, data)

    def _before(self, path: Path, kept: Kept) -> dict[str, str | None]:
        """What is at `path` now, kept: its hash by the real path. Empty where it cannot be kept."""
        try:
            return {_key(path): kept.keep(self.read(path))}
        except NoSuchFile:
            return {_key(path): None}
        except (OSError, ToolError):
            return {}

    def see(self, path: Path, data: bytes) -> None:
        """Remember that this branch has seen `path` with this content."""
        self.seen[_key(path)] = _hash(data)

    def changed_since_seen(self, path: Path, data: bytes) -> bool | None:
        """Whether `data` differs from what this branch last saw at `path`; None when it never saw it."""
        last = self.seen.get(_key(path))
        return None if last is None else last != _hash(data)

    def listing(self, under: Path, pattern: str | None = None) -> Sequence[Path]:
        """Files below `under` that .gitignore does not hide, sorted. Raises ToolError. Blocks: use a thread."""
        base, names = self._names(under, pattern)
        return listing.Paths(base, names)

    async def search(self, pattern: str, under: Path, glob: str | None, context: int) -> SearchOutcome:
        """Lines matching a Python `re` in `listing(under, glob)`. Raises ToolError on a bad pattern."""
        base, names = await asyncio.to_thread(self._names, under, glob)
        shown = self.shown(Path(base))
        found = await search.search(base, names, pattern, context)
        return search.outcome(found, lambda name: _printable(name if shown == "." else f"{shown}/{name}"))

    def _names(self, under: Path, pattern: str | None) -> tuple[str, list[str]]:
        try:
            base, names = listing.names_under(str(under), pattern)
        except OSError as error:
            raise self._trouble("search", under, error) from error
        hidden, above = self._hidden, base.rstrip("/")
        return base, names if hidden is None else [name for name in names if not hidden(f"{above}/{name}")]

    def _trouble(self, doing: str, path: Path, error: OSError) -> ToolError:
        shown = self.shown(path)
        if isinstance(error, FileNotFoundError):
            return NoSuchFile(f"cannot {doing} {shown}: {words(error)}{_near(path)}")
        return ToolError(f"cannot {doing} {shown}: {words(error)}")


def _near(path: Path) -> str:
    """Names in the same folder that a misspelt one may have meant."""
    from difflib import get_close_matches

    try:
        names = sorted(entry.name for entry in path.parent.iterdir())
    except OSError:  # no folder, or none we may look into: then there is nothing to suggest
        return ""
    near = sorted(get_close_matches(path.name, names[:2000], n=3))
    return f"; near it: {', '.join(map(_printable, near))}" if near else ""


def _key(path: Path) -> str:
    return os.path.realpath(path)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub("\ufffd", text)


def _expanded(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:  # nobody's home: then it is a name that begins with ~
        return Path(path)


def _encodes(path: str) -> bool:
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        return False
    return True
