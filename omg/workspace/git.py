"""What git knows of a folder, asked of the git binary with a time limit."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

# Set inside a git hook, for one; they would answer for another repository than the folder's.
_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY")
# A repository's own settings may name a program to run as file system monitor: looking must run nothing.
_COMMAND = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false")
_SUBJECTS = 5
"""Commits whose subject is told."""
_SUBJECT = 90
"""Characters of a commit's hash and subject."""


@dataclass(frozen=True, slots=True)
class GitFacts:
    """The state of a repository. `branch` is None when detached, `head` (short hash) before the first commit."""

    root: Path
    branch: str | None
    head: str | None
    changed: int | None
    """Tracked files that differ from `head`; None when git took too long to say."""
    untracked: int | None
    """New files and folders of new files; None likewise."""


def output(folder: Path | str, *words: str, limit: float = 5.0) -> bytes | None:
    """What `git WORDS` prints in `folder`; None when git is missing, fails, or takes over `limit` seconds."""
    env = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
    try:
        done = subprocess.run(
            [*_COMMAND, *words],
            cwd=folder,
            env=env | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limit,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def root(folder: Path) -> Path | None:
    """The top of the work tree that `folder` lies in; None outside of one."""
    top = output(folder, "rev-parse", "--show-toplevel")
    return Path(os.fsdecode(top).removesuffix("\n")) if top and top.strip() else None


def facts(folder: Path) -> GitFacts | None:
    """The state of the repository that `folder` lies in; None outside of one. Takes seconds at most."""
    top = root(folder)
    if top is None:
        return None
    status = output(folder, "status", "--porcelain=v2", "--branch", "-z", limit=3.0)
    if status is None:
        branch = output(folder, "symbolic-ref", "--short", "-q", "HEAD")
        head = output(folder, "rev-parse", "--short", "-q", "--verify", "HEAD")
        return GitFacts(top, _text(branch), _text(head), None, None)
    return _parse(top, status)


def _text(said: bytes | None) -> str | None:
    return said.decode(errors="replace").strip() or None if said else None


def _parse(top: Path, status: bytes) -> GitFacts:
    """Read `git status --porcelain=v2 --branch -z` (git-status(1), "Porcelain Format Version 2")."""
    branch = head = None
    changed = untracked = 0
    records = iter(status.decode(errors="replace").split("\0"))
    for record in records:
        kind = record[:2]
        if record.startswith("# branch.oid ") and not record.endswith("(initial)"):
            head = record[len("# branch.oid ") :][:7]
        elif record.startswith("# branch.head ") and not record.endswith("(detached)"):
            branch = record[len("# branch.head ") :]
        elif kind == "? ":
            untracked += 1
        elif kind in ("1 ", "2 ", "u "):
            changed += 1
            if kind == "2 ":
                next(records, None)  # a rename's old name is a record of its own
    return GitFacts(top, branch, head, changed, untracked)


@dataclass(frozen=True, slots=True)
class Commits:
    """How many commits there are that another place does not have, and the newest of their subjects."""

    count: int
    subjects: tuple[str, ...]


def commits_since(folder: Path, commit: str) -> Commits | None:
    """The commits of `folder`'s branch that were not there at `commit` (a hash); None where git cannot tell."""
    if not re.fullmatch("[0-9a-f]{4,64}", commit):
        return None
    counted = output(folder, "rev-list", "--count", f"{commit}..HEAD", "--", limit=3.0)
    if counted is None or not counted.strip().isdigit():
        return None
    told = output(folder, "log", "--format=%h %s", f"--max-count={_SUBJECTS}", f"{commit}..HEAD", "--", limit=3.0)
    lines = (told or b"").decode(errors="replace").splitlines()
    return Commits(int(counted), tuple(line[:_SUBJECT] for line in lines))
