"""What is told of a saved session in a list: the session itself, and where words that were looked for stand in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Summary:
    """One session in the list. Times are in seconds, UTC epoch; `folder` is a real path.

    `branch` is the git branch that was told last, `turns` counts what the person said on main, `forks` every branch
    beside it. `cost_usd` is None where a price is unknown. `deleted` is when it went to the trash.
    """

    id: str
    path: Path
    folder: str
    title: str
    created: float
    updated: float
    parent: str | None = None
    branch: str | None = None
    turns: int = 0
    forks: int = 0
    requests: int = 0
    cost_usd: float | None = None
    deleted: float | None = None

    def to_json(self) -> dict[str, object]:
        """The shape that scripts see."""
        return {
            "id": self.id,
            "path": str(self.path),
            "folder": self.folder,
            "title": self.title,
            "created": self.created,
            "updated": self.updated,
            "parent": self.parent,
            "branch": self.branch,
            "turns": self.turns,
            "forks": self.forks,
            "requests": self.requests,
            "cost_usd": None if self.cost_usd is None else round(self.cost_usd, 6),
            "deleted": self.deleted,
        }


@dataclass(frozen=True, slots=True)
class Hit:
    """Where words stand in a session: on which of its branches, in which message, and some text around them.

    `kind` is `words` (the person's), `reply`, `task` (a fork's), `report` (what a fork came to), `call` (a tool call's
    one line) or `title`; `node` is None for what is no message. `marks` are the places of the words in `snippet`: where
    each begins and ends, in characters.
    """

    branch: str
    node: str | None
    kind: str
    snippet: str
    marks: tuple[tuple[int, int], ...] = ()

    def to_json(self) -> dict[str, object]:
        """The shape that scripts see."""
        marks = [list(mark) for mark in self.marks]
        return {
            "branch": self.branch,
            "node": self.node,
            "kind": self.kind,
            "snippet": self.snippet,
            "marks": marks,
        }


@dataclass(frozen=True, slots=True)
class Found:
    """A session that was found, and the newest places in it where all the words stand."""

    summary: Summary
    hits: tuple[Hit, ...] = ()

    def to_json(self) -> dict[str, object]:
        """The shape that scripts see: the summary's, and its hits."""
        return {**self.summary.to_json(), "hits": [hit.to_json() for hit in self.hits]}
