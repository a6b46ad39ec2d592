"""What has changed while a session rested: commits, and files that its history has read. Told once, when it goes on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from omg.agent.facts import Fact
from omg.agent.state import Branch, Tree
from omg.core.tool import ToolError
from omg.workspace import git
from omg.workspace.regular import read_regular

_NAMED = 20
"""Files that are named; of more, the number is told."""
_SHORT = 3
"""Commits and files that a line for people names."""
_BYTES = 64 << 20
"""Bytes that are read to tell whether files have changed; of what is beyond, that it was written is told."""
_SLACK = 2.0
"""Seconds that file times may be coarse by."""


def heard(tree: Tree, branch: Branch) -> float | None:
    """When the newest reply to the history of `branch` began, in seconds, UTC epoch: up to then it knows of the world.
    None where nothing of it was ever sent."""
    tip = branch.accepted
    for request in reversed(list(tree.requests.values())) if tip is not None else ():  # another may be added meanwhile
        sent = tree.nodes.get(request.logged.tip)
        if request.begun is not None and sent is not None and tip is not None and tip.extends(sent):
            return request.begun.at
    return None


def news(folder: Path, branch: Branch, since: float) -> Iterator[Fact]:
    """What `branch` is to be told of the time since then. Reads files and asks git: call it in a thread."""
    day = datetime.fromtimestamp(since).strftime("%Y-%m-%d %H:%M")
    commit = branch.told.get("git", "").rpartition("@")[2]
    found = git.commits_since(folder, commit) if commit else None
    if found is not None and found.count:
        subjects = "".join(f"\n  {subject}" for subject in found.subjects)
        more = f"\n  and {found.count - len(found.subjects)} more" if found.count > len(found.subjects) else ""
        yield Fact("commits", f"commits since {commit}: {found.count}{subjects}{more}", once=True)
    changed = list(_changed(branch.seen, since))
    if changed:
        named = "".join(f"\n  {_shown(folder, path)} ({how})" for path, how in changed[:_NAMED])
        more = f"\n  and {len(changed) - _NAMED} more" if len(changed) > _NAMED else ""
        yield Fact("files", f"files you have read that are not as you read them, since {day}:{named}{more}", once=True)


def in_a_line(fact: Fact) -> str:
    """What `news` has found, for people: its first line, and the first of what it lists."""
    head, *listed = fact.text.split("\n")
    named = ", ".join(line.strip() for line in listed[:_SHORT]) + (", …" if len(listed) > _SHORT else "")
    return f"{head.removesuffix(':')}: {named}" if listed else head


def _changed(seen: Mapping[str, str], since: float) -> Iterator[tuple[str, str]]:
    """The files, and what became of each. One look at each; only those touched since then are read."""
    left = _BYTES
    for path, hash in sorted(seen.items()):
        try:
            found = Path(path).stat()
        except (FileNotFoundError, NotADirectoryError):
            if _folder_touched(Path(path)) >= since - _SLACK:
                yield path, "gone"
            continue
        except OSError:  # whether it has changed cannot be told
            continue
        if found.st_ctime < since - _SLACK:
            continue
        left -= found.st_size
        if left < 0:
            yield path, "written"
        elif _hash(path) not in (hash, None):
            yield path, "changed"


def _folder_touched(path: Path) -> float:
    """When the nearest folder above a file that is gone was last changed: it went then, or before."""
    for folder in path.parents:
        try:
            return folder.stat().st_ctime
        except OSError:  # gone as well, or not to be looked into: then the one above it
            continue
    return 0.0


def _hash(path: str) -> str | None:
    """None for what cannot be read as a file."""
    try:
        return hashlib.sha256(read_regular(Path(path), path)).hexdigest()
    except (OSError, ToolError):
        return None


def _shown(folder: Path, path: str) -> str:
    real = os.path.realpath(folder)
    return os.path.relpath(path, real) if Path(path).is_relative_to(real) else path
