"""Who may do what: modes, rules and a person's answers, decided before a tool runs and never by changing tools."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, get_args

if TYPE_CHECKING:
    from omg.cache.quote import Quote
    from omg.core.tool import Effect, Show

Mode = Literal["ask", "edit", "plan", "all"]
MODES: tuple[Mode, ...] = get_args(Mode)
_GUARDED = (".git", ".omg")
"""Folders whose files can make something run later: never written without asking, except in mode `all`."""


class BadRule(ValueError):
    """A rule that is not `Tool` or `Tool(glob)`."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`Tool` (every call of it) or `Tool(glob)` (calls whose subject matches)."""

    tool: str
    glob: str | None = None

    def __str__(self) -> str:
        return self.tool if self.glob is None else f"{self.tool}({self.glob})"


def parse_rule(text: str) -> Rule:
    """A rule from its text. Raises BadRule."""
    text = text.strip()
    name, bracket, rest = text.partition("(")
    if not name.isidentifier() or (bracket and not rest.endswith(")")):
        raise BadRule(f"{text!r} is not a rule: write Tool or Tool(glob), as in shell(git diff *)")
    return Rule(name, rest[:-1] if bracket else None)


@dataclass(frozen=True, slots=True)
class Subject:
    """What one call is about: the names a path goes by, or the simple commands a command line is made of.

    `names` are the alternatives an allow glob may match, the last of them the one that means the same everywhere;
    `parts` are all that a deny glob is tried on; `simple` is False for a command line that is more than one simple
    command, which no allow rule covers.
    """

    names: tuple[str, ...]
    parts: tuple[str, ...]
    simple: bool = True
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """What a yes costs, in dollars. `limit` is what goes unasked; `quotes` are the price from each start there is."""

    usd: float
    limit: float
    quotes: tuple[Quote, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked: the call, shown exactly, and the rule that would answer it from now on; or, with `cost`,
    whether to spend that much."""

    branch: str
    tool: str
    subject: str
    show: Show | None
    rule: str
    cost: Cost | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A person's answer. `words` go to the model with a no."""

    kind: Literal["once", "session", "always", "no"]
    words: str = ""


class Asker(Protocol):
    """Somebody who can be asked. A question waits under its branch's name and holds only that branch."""

    async def ask(self, question: Question) -> Answer:
        """The person's answer, whenever it comes. Cancelled with the call that asks."""
        ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say: go ahead, ask a person, or refuse in `words` that help the model go on."""

    kind: Literal["allow", "ask", "refuse"]
    words: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """What one branch may do. `root` is the git root, else the folder; a child reads, whatever its mode.

    Denials come first, then what only reads, then what the mode or being a fork rules out; rules that allow widen
    only what is left. So nothing lifts mode `plan`: no rule, and no answer that a person gave before.
    """

    mode: Mode
    allow: tuple[Rule, ...]
    deny: tuple[Rule, ...]
    root: Path
    child: bool = False

    def decide(self, tool: str, effect: Effect, subject: Subject) -> Verdict:
        """Decide one call."""
        denied = next((rule for rule in self.against(tool, effect) if matches(rule, subject.parts)), None)
        if denied is not None:
            return Verdict("refuse", f"a rule forbids this: {denied}. Do it another way, or say what you need.")
        if effect in ("read", "fork"):
            return Verdict("allow")
        if self.mode == "plan" or (self.child and effect == "write"):
            return Verdict("refuse", self._read_only("write files" if effect == "write" else "run commands"))
        if covered(self.allow, tool, subject):
            return Verdict("allow")
        if self.child:
            return Verdict("ask", self._read_only("run commands that no allow rule covers"))
        return self._by_mode(effect, subject)

    def against(self, tool: str, effect: Effect) -> tuple[Rule, ...]:
        """The deny rules that bind a tool: its own, and those for `read` where it reads. What may not be read is not
        found by a search either."""
        return tuple(rule for rule in self.deny if rule.tool == tool or (effect == "read" and rule.tool == "read"))

    def _by_mode(self, effect: Effect, subject: Subject) -> Verdict:
        if self.mode == "all":
            return Verdict("allow")
        if self.mode == "edit" and effect == "write" and self._ours(subject):
            return Verdict("allow")
        return Verdict(
            "ask",
            f"mode is {self.mode}, and nobody is there to agree. Go on without it, and say what you would have done; "
            "the person can allow it with --mode or --allow.",
        )

    def _ours(self, subject: Subject) -> bool:
        """Whether a path, all symlinks followed, lies below the root and not where it could make something run."""
        if subject.path is None:
            return False
        real = Path(os.path.realpath(subject.path))
        root = Path(os.path.realpath(self.root))
        if not real.is_relative_to(root):
            return False
        return not any(part.casefold() in _GUARDED for part in real.relative_to(root).parts)

    def _read_only(self, what: str) -> str:
        who = "mode plan reads only" if self.mode == "plan" else "a fork reads only"
        return f"{who}: it may not {what}. Find out what you can by reading, and report what should be done."


def matches(rule: Rule, texts: Iterable[str]) -> bool:
    """Whether a rule's glob matches one of `texts`; without a glob it matches everything."""
    return rule.glob is None or any(_glob_matches(text, rule.glob) for text in texts)


def covered(rules: Iterable[Rule], tool: str, subject: Subject) -> bool:
    """Whether one of `rules` allows this call."""
    own = [rule for rule in rules if rule.tool == tool]
    return any(matches(rule, subject.names) for rule in own if subject.simple or rule.glob is None)


def _glob_matches(text: str, glob: str) -> bool:
    """fnmatch, where a trailing ` *` also matches nothing: `git diff *` covers `git diff`."""
    return fnmatchcase(text, glob) or (glob.endswith(" *") and fnmatchcase(text, glob[:-2]))


def path_subject(path: Path, *folders: Path) -> Subject:
    """A file, its names taken from `folders`: real paths, the branch's own folder first.

    A link must neither hide a file from a rule that forbids nor bring one under a rule that allows. So what forbids is
    tried on every name, also the real path's in each folder; what allows only on the real path, absolute and as it is
    called in the branch's own folder.
    """
    real = os.path.realpath(path)
    names = tuple(_names(real, folders[:1]))
    return Subject(
        names, tuple(dict.fromkeys((*names, *_names(real, folders), *_names(str(path), folders)))), path=path
    )


def _names(path: str, folders: Iterable[Path]) -> Iterator[str]:
    """What `path` is called in each of the folders that it lies in, and its absolute name."""
    for folder in folders:
        within = f"{str(folder).rstrip('/')}/"
        if path == str(folder):
            yield "."
        elif path.startswith(within):
            yield path.removeprefix(within)
    yield path


def command_subject(command: str, simple: str | None, parts: Sequence[str]) -> Subject:
    """A command line: `simple` is its normal form when it is one simple command, `parts` what it is made of."""
    return Subject((simple or command,), (command, *parts), simple is not None)


_NARROWEST_FIRST: tuple[Mode, ...] = ("plan", "ask", "edit", "all")


def narrower(one: Mode, other: Mode) -> Mode:
    """The mode of two that allows less."""
    return one if _NARROWEST_FIRST.index(one) <= _NARROWEST_FIRST.index(other) else other
