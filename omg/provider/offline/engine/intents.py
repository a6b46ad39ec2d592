"""What a person may want, as far as the engine can tell."""

from __future__ import annotations

from dataclasses import dataclass

from omg.provider.offline.engine.symbols import Aspect


@dataclass(frozen=True, slots=True)
class Run:
    """Run a command; an empty one was asked for without saying which."""

    command: str


@dataclass(frozen=True, slots=True)
class Replace:
    """Replace a text in a file."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Create:
    """Write a file."""

    path: str
    content: str


@dataclass(frozen=True, slots=True)
class Outline:
    """List the definitions of a file."""

    path: str


@dataclass(frozen=True, slots=True)
class Show:
    """Show a file, or lines `first` to `last` of it."""

    path: str
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class ListFiles:
    """List files by a glob, below `path`."""

    pattern: str
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Find:
    """Find a text as it stands."""

    text: str


@dataclass(frozen=True, slots=True)
class Symbol:
    """Look up names."""

    names: tuple[str, ...]
    aspect: Aspect


@dataclass(frozen=True, slots=True)
class Connect:
    """How two names connect."""

    first: str
    second: str


@dataclass(frozen=True, slots=True)
class Several:
    """Several questions; `acts` when one of them does more than look."""

    tasks: tuple[str, ...]
    acts: bool


@dataclass(frozen=True, slots=True)
class SumUp:
    """Summarise the reports of forks."""


@dataclass(frozen=True, slots=True)
class Help:
    """Say what the engine can do."""


@dataclass(frozen=True, slots=True)
class Decline:
    """Something that needs a language model."""


@dataclass(frozen=True, slots=True)
class Words:
    """Anything else: the words to search for, never none."""

    words: tuple[str, ...]


Acts = Run | Replace | Create
Intent = Acts | Outline | Show | ListFiles | Find | Symbol | Connect | Several | SumUp | Help | Decline | Words
