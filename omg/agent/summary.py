"""What a summary must hold: the sections of COMPACT.md, and what the person asked for, forbade and left open."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

LIMIT = 24_000
"""Characters that a summary may have."""
SUMMARY_TOKENS = 2_500
"""Tokens that a summary is taken to have before it is written."""
_MOST_REQUIRED = 40
"""Items that are asked for by name: with more, the oldest are left to the writer, and to the old epoch."""
_LONGEST = 300
"""Characters of a sentence that is asked for word by word; a longer one is no constraint but a paste."""
_NAMED = 0.6
"""The part of an item's words that must stand in the summary for it to be named: its grammar may change."""

_CARRIED = ("request", "constraint", "open")
"""What the heading of a section says whose lines must be accounted for in the next summary."""
_CONSTRAINT = re.compile(
    r"\b(?:must|mustn'?t|never|always|only|don'?t|do not|may not|cannot|can'?t|shall|should|without|keep|avoid|ensure"
    r"|make sure|at (?:most|least)|no more than|limit|not allowed|forbid|required?|prefer|instead of)\b",
    re.I,
)
_LATER = re.compile(
    r"\b(?:later|todo|to do|still (?:need|have|to)|afterwards|next|then|remember to|not yet|unfinished|pending"
    r"|come back to|remains?|when (?:that|this) is done|tomorrow)\b",
    re.I,
)
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?=\S)[^.!?\n]*)*[.!?]?")
_HARD = re.compile(r"`[^`\n]+`|\"[^\"\n]{2,}\"|[\w./~-]*[/_][\w./~-]+|\w+(?:\.\w+)+|\w*\d[\w.,%$-]*")
_WORD = re.compile(r"[^\W\d_]{3,}")
_STOP = frozenset(
    _WORD.findall(
        "the and for that this with from into have has was were are you your not but all any can will would please "
        "what when where which who how why its then than there here they them our use using let"
    )
)


@dataclass(frozen=True, slots=True)
class Brief:
    """COMPACT.md, and the headings that it asks for."""

    text: str

    @property
    def sections(self) -> tuple[str, ...]:
        """The titles of its second-level headings: each must be a heading of the answer."""
        return tuple(title for level, title in _headings(self.text) if level == 2)


def sentences(words: str) -> Iterator[str]:
    """The sentences of a person's words that are short enough to be meant word for word."""
    for match in _SENTENCE.finditer(words):
        text = " ".join(match[0].split()).strip(" -*>")
        if 3 < len(text) <= _LONGEST:
            yield text


def required(said: Iterable[str], before: str | None, waiting: Sequence[str]) -> tuple[str, ...]:
    """What a summary must name: constraints and unfinished tasks in what the person `said`, what the summary `before`
    carried, and what is `waiting` (tasks of forks whose reports are to come). Each once, the newest last."""
    spoken = [text for words in said for text in sentences(words) if _CONSTRAINT.search(text) or _LATER.search(text)]
    carried = list(_carried(before)) if before else []
    return tuple(dict.fromkeys([*carried, *spoken, *waiting]))[-_MOST_REQUIRED:]


def _carried(summary: str) -> Iterator[str]:
    for title, lines in sections_of(summary).items():
        if any(word in title.casefold() for word in _CARRIED):
            yield from (line for line in lines if line.casefold().rstrip(".") != "none")


def sections_of(summary: str) -> dict[str, list[str]]:
    """The lines of each section by its title, list marks taken off."""
    found: dict[str, list[str]] = {}
    title = ""
    for line in summary.splitlines():
        heading = _heading(line)
        if heading is not None:
            title = heading[1]
            found.setdefault(title, [])
        elif line.strip():
            found.setdefault(title, []).append(line.strip().lstrip("-*• ").strip())
    return found


def problems(summary: str, brief: Brief, items: Sequence[str], limit: int = LIMIT) -> tuple[str, ...]:
    """Why a summary cannot be used, in words for whoever wrote it; nothing where it can."""
    return tuple(_problems(summary, brief, items, limit))


def _problems(summary: str, brief: Brief, items: Sequence[str], limit: int) -> Iterator[str]:
    if not summary.strip():
        yield "it is empty"
        return
    if len(summary) > limit:
        yield f"it has {len(summary)} characters, and may have {limit}"
    titles = [title.casefold() for _, title in _headings(summary)]
    missing = [title for title in brief.sections if title.casefold() not in titles]
    if missing:
        yield f"these sections are missing: {', '.join(missing)}"
    known = _Known.of(summary)
    for item in items:
        if not known.names(item):
            yield f"this is not named: {item}"


@dataclass(frozen=True, slots=True)
class _Known:
    """A summary, to be asked what it names."""

    text: str
    words: frozenset[str]

    @classmethod
    def of(cls, summary: str) -> _Known:
        text = summary.casefold()
        return cls(text, frozenset(_WORD.findall(text)))

    def names(self, item: str) -> bool:
        """Whether all that is exact in `item` (numbers, paths, names, quotations) is there, and most of its words."""
        text = item.casefold()
        exact = [token.strip('`".,;:()') for token in _HARD.findall(text)]
        words = [word for word in _WORD.findall(_HARD.sub(" ", text)) if word not in _STOP]
        found = sum(word in self.words for word in words)
        return all(token in self.text for token in exact) and found >= _NAMED * len(words)


def _headings(text: str) -> Iterator[tuple[int, str]]:
    for line in text.splitlines():
        heading = _heading(line)
        if heading is not None:
            yield heading


def _heading(line: str) -> tuple[int, str] | None:
    """The level and title of a Markdown heading."""
    match = re.match(r"(#{1,6})\s+(.+?)\s*#*\s*$", line)
    return (len(match[1]), match[2].strip("*:_ ")) if match else None
