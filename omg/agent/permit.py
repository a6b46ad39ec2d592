"""Who may do what: modes, rules and a person's answers, decided before a tool runs and never by changing tools."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal, Protocol, get_args

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

    `names` are the alternatives an allow glob may match; `parts` are all that a deny glob is tried on; `simple` is
    False for a command line that is more than one simple command, which no allow rule covers.
    """

    names: tuple[str, ...]
    parts: tuple[str, ...]
    simple: bool = True
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked: the call, shown exactly, and the rule that would answer it from now on."""

    branch: str
    tool: str
    subject: str
    show: Show | None
    rule: str


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
    """What one branch may do. `root` is the git root, else the folder; a child reads, whatever its mode."""

    mode: Mode
    allow: tuple[Rule, ...]
    deny: tuple[Rule, ...]
    root: Path
    child: bool = False

    def decide(self, tool: str, effect: Effect, subject: Subject) -> Verdict:
        """Decide one call."""
        denied = next((rule for rule in self.deny if _denies(rule, tool, subject)), None)
        if denied is not None:
            return Verdict("refuse", f"a rule forbids this: {denied}. Do it another way, or say what you need.")
        if effect in ("read", "fork"):
            return Verdict("allow")
        if effect == "write" and (self.child or self.mode == "plan"):
            return Verdict("refuse", self._read_only("write files"))
        if any(_allows(rule, tool, subject) for rule in self.allow):
            return Verdict("allow")
        if self.child:
            return Verdict("ask", self._read_only("run commands that no allow rule covers"))
        return self._by_mode(effect, subject)

    def _by_mode(self, effect: Effect, subject: Subject) -> Verdict:
        if self.mode == "plan":
            return Verdict("refuse", self._read_only("run commands that no allow rule covers"))
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
        return real.is_relative_to(root) and not set(real.relative_to(root).parts) & set(_GUARDED)

    def _read_only(self, what: str) -> str:
        who = "a fork reads only" if self.child else "mode plan reads only"
        return f"{who}: it may not {what}. Find out what you can by reading, and report what should be done."


def _denies(rule: Rule, tool: str, subject: Subject) -> bool:
    return rule.tool == tool and (rule.glob is None or any(_matches(part, rule.glob) for part in subject.parts))


def _allows(rule: Rule, tool: str, subject: Subject) -> bool:
    if rule.tool != tool:
        return False
    return rule.glob is None or (subject.simple and any(_matches(name, rule.glob) for name in subject.names))


def _matches(text: str, glob: str) -> bool:
    """fnmatch, where a trailing ` *` also matches nothing: `git diff *` covers `git diff`."""
    return fnmatchcase(text, glob) or (glob.endswith(" *") and text == glob[:-2])


def path_subject(path: Path, shown: str) -> Subject:
    """A file by every name it goes by: as shown, absolute, and with its symlinks followed."""
    names = tuple(dict.fromkeys((shown, str(path), os.path.realpath(path))))
    return Subject(names, names, path=path)


def command_subject(command: str, simple: str | None, parts: Sequence[str]) -> Subject:
    """A command line: `simple` is its normal form when it is one simple command, `parts` what it is made of."""
    return Subject((simple or command,), (command, *parts), simple is not None)


def rule_for(tool: str, subject: Subject) -> str:
    """The rule that would allow this call, and no more than its like, from now on."""
    name = subject.names[0] if subject.names else ""
    if subject.path is not None or not subject.simple:
        return f"{tool}({name})" if subject.path is not None else ""
    words = name.split(" ")
    return f"{tool}({' '.join(words[:2])} *)" if len(words) > 2 else f"{tool}({name})"


_NARROWEST_FIRST: tuple[Mode, ...] = ("plan", "ask", "edit", "all")


def narrower(one: Mode, other: Mode) -> Mode:
    """The mode of two that allows less."""
    return one if _NARROWEST_FIRST.index(one) <= _NARROWEST_FIRST.index(other) else other
