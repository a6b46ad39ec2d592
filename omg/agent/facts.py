"""What a model should know of the place it works in: instruction files and the environment, told in messages."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from omg.core.tool import ToolError
from omg.workspace.git import GitFacts
from omg.workspace.regular import read_beginning

INSTRUCTION_FILES = ("AGENTS.md", "CLAUDE.md")
_FILE = "file "
_LIMIT = 40_000
"""Bytes of one instruction file that are told."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing to tell: `name` says which, `text` is what the model reads of it."""

    name: str
    text: str
    mark: str = ""
    """What is remembered of it; empty: a hash of the text."""
    once: bool = False
    """Whether it is told with the next message whatever was told before, and not remembered."""

    @property
    def hash(self) -> str:
        return self.mark or hashlib.sha256(self.text.encode("utf-8", "replace")).hexdigest()[:16]


def instruction_paths(home: Path, root: Path, folder: Path) -> Iterator[Path]:
    """Where instructions may lie, the widest first: the person's, the project's, its folders' down to `folder`."""
    folders = [home]
    if folder.is_relative_to(root):
        below = folder.relative_to(root).parts
        folders += [root.joinpath(*below[:count]) for count in range(len(below) + 1)]
    else:
        folders.append(folder)
    for place in folders:
        for name in INSTRUCTION_FILES:
            yield place / name


def instructions(paths: Iterator[Path]) -> Iterator[Fact]:
    """A fact for each instruction file that can be read; the same text twice (a link) is told once.

    A project that was only cloned may hold anything under these names: what is no regular file is passed over, and of
    a long one the beginning is read.
    """
    known: set[str] = set()
    for path in paths:
        try:
            data, size = read_beginning(path, _LIMIT)
        except (OSError, ToolError):
            continue
        text = data.decode("utf-8", "replace").strip()
        if not text or text in known:
            continue
        known.add(text)
        cut = f"\n[cut: {size - len(data)} more bytes in {path}]" if size > len(data) else ""
        yield Fact(f"{_FILE}{path}", f'<instructions file="{path}">\n{text}{cut}\n</instructions>')


def environment(folder: Path, git: GitFacts | None, now: float) -> Iterator[Fact]:
    """Folder, platform, date and git state, each a fact of its own, so that a change tells only what changed."""
    yield Fact("folder", f"folder: {folder}")
    yield Fact("platform", f"platform: {platform.system()} {platform.machine()}")
    yield Fact("date", f"date: {datetime.fromtimestamp(now).strftime('%Y-%m-%d')}")
    yield _git(folder, git)


def _git(folder: Path, git: GitFacts | None) -> Fact:
    """The state of the repository. Where git does not tell, because it is missing or too slow, that is said."""
    if git is None:
        below = any((place / ".git").exists() for place in (folder, *folder.parents))
        return Fact("git", "git: does not tell its state" if below else "git: not a git repository")
    branch, head = git.branch or "(detached)", git.head or "no commit yet"
    return Fact("git", f"git: branch {branch} at {head}", mark=f"{branch}@{git.head or ''}")


@dataclass(frozen=True, slots=True)
class Telling:
    """Facts to tell in one message: the blocks, and what the model has been told once they are accepted."""

    blocks: tuple[str, ...] = ()
    told: Mapping[str, str] = field(default_factory=dict[str, str])


def untold(facts: Sequence[Fact], told: Mapping[str, str]) -> Telling:
    """What `told` (name to hash; "" for gone) does not hold as it is now. With nothing told yet: everything."""
    new = [fact for fact in facts if fact.once or told.get(fact.name) != fact.hash]
    names = {fact.name for fact in facts}
    gone = [name for name, hash in told.items() if hash and name not in names]
    files = [_retold(fact, told) for fact in new if fact.name.startswith(_FILE)]
    lines = [fact for fact in new if not fact.name.startswith(_FILE)]
    blocks = [*files, *(f"<note>{name} is gone: its instructions no longer hold.</note>" for name in gone)]
    if lines:
        tag = "environment changed" if any(fact.once or fact.name in told for fact in lines) else "environment"
        blocks.append(f"<{tag}>\n" + "\n".join(fact.text for fact in lines) + "\n</environment>")
    return Telling(tuple(blocks), {fact.name: fact.hash for fact in new if not fact.once} | dict.fromkeys(gone, ""))


def _retold(fact: Fact, told: Mapping[str, str]) -> str:
    return f"<note>This has changed since you read it:</note>\n{fact.text}" if told.get(fact.name) else fact.text
