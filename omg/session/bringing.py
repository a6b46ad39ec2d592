"""Files brought back to what they held at an earlier place of main's history, where nobody has changed them since."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from omg.agent.state import Tree
from omg.core.tool import NoSuchFile, ToolError
from omg.wire.chain import Node
from omg.workspace.kept import Kept
from omg.workspace.oswords import words
from omg.workspace.regular import read_regular
from omg.workspace.replace import replace

CHANGED, NOT_KEPT = "changed since", "what it held is not kept"
"""Why a file is left as it is."""


@dataclass(frozen=True, slots=True)
class Change:
    """A file that main has written, by its real path: the hashes of what it held before and holds since. `before` is
    None where there was no such file."""

    path: Path
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of the files: those that hold again what they held, and those left as they are, each with the
    reason."""

    back: tuple[Path, ...] = ()
    left: tuple[tuple[Path, str], ...] = ()


def changes_since(tree: Tree, node: Node | None) -> list[Change]:
    """What main's calls behind `node` (the empty history: None) have written over, each file once."""
    main = tree.branches["main"]
    steps = [(done.replaced, done.seen) for done in reversed(main.results.values())]
    for one in main.tip.ancestors() if main.tip else ():
        if one is node:
            break
        steps.append((tree.replaced.get(one.id, {}), tree.sees.get(one.id, {})))
    found: dict[str, Change] = {}
    for replaced, seen in steps:  # the newest first: the oldest tells what was there before, the newest what is there
        for path, before in replaced.items():
            newer = found.get(path)
            found[path] = Change(Path(path), before, seen.get(path) if newer is None else newer.after)
    return list(reversed(found.values()))


def bring_back(changes: Sequence[Change], kept: Kept) -> Brought:
    """Bring each file back that holds what main has written last. What it holds till now is kept, too. Reads and
    writes files: call it in a thread."""
    back: list[Path] = []
    left: list[tuple[Path, str]] = []
    for change in changes:
        try:
            reason = _bring_back(change, kept)
        except OSError as error:
            reason = words(error)
        except ToolError as error:
            reason = str(error)
        if reason is None:
            back.append(change.path)
        else:
            left.append((change.path, reason))
    return Brought(tuple(back), tuple(left))


def _bring_back(change: Change, kept: Kept) -> str | None:
    """None where the file holds now what it held; else why it is left. Raises OSError, ToolError."""
    now = _content(change.path)
    hash = None if now is None else hashlib.sha256(now).hexdigest()
    if hash == change.before:
        return None
    if hash != change.after:
        return CHANGED
    before = None if change.before is None else kept.find(change.before)
    if change.before is not None and before is None:
        return NOT_KEPT
    if now is not None:
        kept.keep(now)
    if before is None:
        change.path.unlink()
    else:
        replace(change.path, before)
    return None


def _content(path: Path) -> bytes | None:
    try:
        return read_regular(path, str(path))
    except (FileNotFoundError, NoSuchFile):
        return None
