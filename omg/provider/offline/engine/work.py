"""A piece of work as a generator: it yields calls, is sent their outcomes, and returns its answer."""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

_NOT_RUN = re.compile(
    r"refused|denied|forbids|not allowed|not permitted|may not|nobody is there to agree|said no|declined|rejected"
    r"|not run|interrupted",
    re.I,
)
_SAYS_NOT_RUN = re.compile(r"\W*(?:refused|denied|not allowed|not run|interrupted|declined)\b[^\n]{0,200}", re.I)


@dataclass(frozen=True, slots=True)
class Ask:
    """A call the work wants made; its id is given when the reply is built."""

    name: str
    input: dict[str, object]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to, as the request tells it."""

    text: str
    is_error: bool = False

    @property
    def failed(self) -> bool:
        """An error, or words that say the call was not run."""
        return self.is_error or bool(_SAYS_NOT_RUN.fullmatch(self.text.strip()))

    @property
    def refused(self) -> bool:
        """Whether it failed because somebody or some rule would not let it run."""
        return self.failed and bool(_NOT_RUN.search(self.reason)) and "[killed after" not in self.text

    @property
    def reason(self) -> str:
        """Its first line that is not empty, for one sentence."""
        lines = (line.strip() for line in self.text.splitlines())
        return next((line for line in lines if line), "no reason was given")


T = TypeVar("T")
Step = Generator[tuple[Ask, ...], tuple[Outcome, ...], T]
"""Yields batches of calls that run in parallel; gets their outcomes in the same order; returns a T."""
Work = Step[str]
"""A step whose result is the answer, in Markdown."""


def failure(tool: str, outcome: Outcome) -> str:
    """One sentence about a call that did not do what it was asked to."""
    how = "was not run" if outcome.refused else "failed"
    return f"`{tool}` {how}: {outcome.reason}"
