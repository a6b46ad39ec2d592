"""A summary of a history by rules: what was said stands word for word, what was done in a line each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from omg.provider.offline.engine.brief import Wanted
from omg.provider.offline.engine.recollection import Recollection, one_line

BY_RULES = "(Written by the rules of OMG's offline engine, which is no language model.)"
_IN_WORK = "When this was written, it was being worked on: "
_ROOM = 10_000
"""Characters for what nobody has asked for by name."""
_LINE = 400
_MOST = {"places": 20, "files": 40, "commands": 25, "errors": 12, "reports": 40}
_CONSTRAINT = re.compile(
    r"\b(?:must|never|always|only|don'?t|do not|may not|cannot|can'?t|should|without|keep|avoid|make sure|prefer)\b",
    re.I,
)
_KEYS = {
    "said": ("request", "constraint"),
    "open": ("open", "unfinished", "to do", "next"),
    "facts": ("fact", "learnt", "place"),
    "errors": ("error", "problem"),
    "done": ("done", "finished"),
}
"""What the heading of a section says that takes lines of a sort; where none does, the first takes them."""


@dataclass(slots=True)
class _Pages:
    """The lines of each section, as long as there is room for them."""

    wanted: Wanted
    left: int
    lines: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def title(self, sort: str) -> str:
        titles = self.wanted.sections
        return next((t for t in titles if any(key in t.casefold() for key in _KEYS[sort])), titles[0])

    def take(self, title: str, lines: Sequence[str], most: int) -> None:
        """The newest of some lines, at most `most` characters of them, behind what the section has already."""
        known = {line for own in self.lines.values() for line in own}
        kept: list[str] = []
        for line in reversed([line for line in dict.fromkeys(lines) if line and line not in known]):
            size = len(line) + 3
            if size > min(most, self.left):
                break
            most, self.left = most - size, self.left - size
            kept.append(line)
        self.lines.setdefault(title, []).extend(reversed(kept))

    def text(self) -> str:
        parts = [BY_RULES]
        for title in self.wanted.sections:
            parts.append("\n".join([f"## {title}", *(f"- {line}" for line in self.lines.get(title) or ["none"])]))
        return "\n\n".join(parts)


def summary(history: Recollection, wanted: Wanted) -> str:
    """The summary: what must be named first, then the newest and the constraints of what was said, then what an
    earlier summary carried, then what was found out and done."""
    frame = len(BY_RULES) + sum(len(title) + 16 for title in wanted.sections)
    pages = _Pages(wanted, wanted.limit - frame)
    said = [_shortened(line) for line in history.said]
    for title, lines in _named(history, wanted, pages).items():
        pages.take(title, lines, wanted.limit)
    pages.left = min(pages.left, _ROOM)
    if history.unfinished and said:
        pages.take(pages.title("open"), [_IN_WORK + said[-1]], _ROOM)
    pages.take(pages.title("said"), [line for line in said if _CONSTRAINT.search(line)], _ROOM // 4)
    pages.take(pages.title("said"), said, _ROOM // 4)
    for title, lines in _carried(history, pages):
        pages.take(title, lines, _ROOM // 4)
    for sort, lines in _found(history):
        pages.take(pages.title(sort), lines, _ROOM // 4)
    return pages.text()


def _shortened(line: str) -> str:
    return line if len(line) <= _LINE else f"{line[: _LINE - 40]}… ({len(line)} characters in all)"


def _named(history: Recollection, wanted: Wanted, pages: _Pages) -> dict[str, list[str]]:
    """What must be named, word for word, by the section it goes to."""
    found: dict[str, list[str]] = {}
    for item in wanted.items:
        found.setdefault(_belongs(item, history, pages), []).append(item)
    return found


def _belongs(item: str, history: Recollection, pages: _Pages) -> str:
    """The section of an item: finished work goes to what is done, the rest where it was, or was said."""
    line = one_line(item)
    if line.startswith(_IN_WORK) or any(task and task.startswith(line) for task in history.reports.values()):
        return pages.title("done")
    for title, lines in history.carried.items():
        if title in pages.wanted.sections and any(line in one_line(each) for each in lines):
            return title
    return pages.title("said" if any(line in words for words in history.said) else "open")


def _carried(history: Recollection, pages: _Pages) -> Iterator[tuple[str, tuple[str, ...]]]:
    for title, lines in history.carried.items():
        place = title if title in pages.wanted.sections else pages.title("facts")
        if place == pages.title("open"):
            lines = tuple(line for line in lines if not line.startswith(_IN_WORK))
        yield place, lines


def _found(history: Recollection) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What was found out and done, the newest of each sort."""
    files = [f"`{path}`: {', '.join(done)}" for path, done in history.files.items()]
    commands = [f"`{_shortened(command)}` {outcome}" for command, outcome in history.commands.items()]
    yield "done", tuple(history.reports)[-_MOST["reports"] :]
    yield "facts", tuple(files[-_MOST["files"] :])
    yield "facts", tuple(commands[-_MOST["commands"] :])
    yield "facts", history.places[-_MOST["places"] :]
    yield "errors", history.errors[-_MOST["errors"] :]
