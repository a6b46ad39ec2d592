"""Places in files: read from a search's answer, and written as `path:line: source`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from omg.provider.offline.engine.work import Outcome

_MATCH = re.compile(r"(?P<path>[^\0\n]+?):(?P<line>\d+):(?P<text>.*)")
_CUT = re.compile(r"\b(?:cut|truncated|omitted|more|only|first|limit|narrow)\b", re.I)
_NOTE = re.compile(r"\s*[\[(…].*\b(?:offset|more|cut|truncated)\b.*", re.I)
_WIDTH = 160


@dataclass(frozen=True, slots=True)
class Place:
    """One line of one file, as a search showed it."""

    path: str
    line: int
    text: str

    @property
    def shown(self) -> str:
        """`path:line: source`, the source stripped and cut."""
        return f"{self.path}:{self.line}: {cut(self.text.strip())}"


@dataclass(frozen=True, slots=True)
class Search:
    """What a search came to. `cut`: it found more than it told."""

    places: tuple[Place, ...]
    cut: bool = False


def cut(text: str, width: int = _WIDTH) -> str:
    """`text`, shortened with an ellipsis when it is longer than `width`."""
    return text if len(text) <= width else text[: width - 1] + "…"


def read_search(outcome: Outcome) -> Search:
    """The places in what `grep` answered; nothing when it failed."""
    if outcome.failed:
        return Search(())
    places: list[Place] = []
    notes: list[str] = []
    for line in outcome.text.split("\n"):
        if match := _MATCH.fullmatch(line.rstrip("\r")):
            places.append(Place(match["path"].removeprefix("./"), int(match["line"]), match["text"]))
        elif line.strip():
            notes.append(line)
    return Search(tuple(dict.fromkeys(places)), bool(places) and any(map(_CUT.search, notes)))


@dataclass(frozen=True, slots=True)
class Page:
    """What `read` showed of a file. `partial`: it said that there is more."""

    text: str
    partial: bool = False


def read_page(outcome: Outcome) -> Page:
    """The text of a page, less the note that says where to go on."""
    text, _, last = outcome.text.rstrip("\n").rpartition("\n")
    return Page(f"{text}\n", True) if _NOTE.fullmatch(last) else Page(outcome.text)


def block(lines: Iterable[str]) -> str:
    """Lines as they are, in a Markdown code block whose fence they cannot close."""
    body = "\n".join(lines)
    longest = max((len(run) for run in re.findall(r"`{3,}", body)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}text\n{body}\n{fence}"


def listing(places: Sequence[Place], limit: int) -> str:
    """At most `limit` places in a block, then how many there are beyond them."""
    shown = block(place.shown for place in places[:limit])
    rest = len(places) - limit
    return f"{shown}\n\nand {rest} more." if rest > 0 else shown


def count(number: int, noun: str) -> str:
    """`1 place`, `3 places`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
