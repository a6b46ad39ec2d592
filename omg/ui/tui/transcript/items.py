"""What a transcript is made of: words, replies, thoughts, calls, forks, joins and notes, apart from any screen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from omg.ui.blocks import Blocks

if TYPE_CHECKING:
    from omg.core.events import ForkStatus
    from omg.core.tool import Show
    from omg.session.columns import Fit

Tone = Literal["plain", "dim", "warm", "cold", "running", "failed"]
SHOWN = 40
"""Lines of a command's output that are shown while it is folded."""
_OUTPUT = 20_000
"""Characters of a running call's output that are kept: the end of it."""


@dataclass(slots=True, eq=False)
class Item:
    """One thing to read. `version` rises with every change of what it shows; `open` is whether it is unfolded."""

    tight: ClassVar[bool] = False
    """Whether it stands close behind another of the tight ones."""
    folds: ClassVar[bool] = False
    """Whether it can be folded and unfolded."""

    version: int = field(default=0, kw_only=True)
    open: bool = field(default=False, kw_only=True)

    def changed(self) -> None:
        self.version += 1

    def size(self) -> int:
        """About how many characters it shows, to guess its height by."""
        return 0

    @property
    def copied(self) -> str:
        """What of it is worth copying."""
        return ""


@dataclass(slots=True, eq=False)
class Words(Item):
    """What the person said, or a fork's task."""

    text: str

    def size(self) -> int:
        return len(self.text)

    @property
    def copied(self) -> str:
        return self.text


@dataclass(slots=True, eq=False)
class Reply(Item):
    """What the model said: Markdown, in blocks that are finished and one that may still grow."""

    blocks: list[str] = field(default_factory=list[str])
    growing: Blocks | None = None
    cut: bool = False

    @property
    def tail(self) -> str:
        return self.growing.tail if self.growing is not None else ""

    def grow(self, text: str) -> None:
        """Take what has arrived."""
        if self.growing is None:
            self.growing = Blocks()
        self.blocks += self.growing.feed(text)
        self.changed()

    def end(self, whole: bool) -> None:
        """Nothing more comes; a reply that is not `whole` is not part of the history."""
        rest = self.growing.finish() if self.growing is not None else ""
        self.growing, self.cut = None, not whole
        if rest.strip():
            self.blocks.append(rest)
        self.changed()

    def size(self) -> int:
        return sum(map(len, self.blocks)) + len(self.tail)

    @property
    def copied(self) -> str:
        return "".join(self.blocks) + self.tail


def replied(text: str) -> Reply:
    """A reply that is whole."""
    reply = Reply()
    reply.grow(text)
    reply.end(True)
    return reply


@dataclass(slots=True, eq=False)
class Thought(Item):
    """What the model thought, folded unless somebody wants to read it."""

    folds = True
    tight = True
    parts: list[str] = field(default_factory=list[str])
    live: bool = False

    @property
    def text(self) -> str:
        return "".join(self.parts)

    @property
    def copied(self) -> str:
        return self.text


@dataclass(slots=True, eq=False)
class Call(Item):
    """A tool call and what came of it. `line` sums it up in a few words; `text` is what the model got."""

    folds = True
    tight = True
    id: str
    name: str
    input: dict[str, object]
    state: Literal["running", "done", "failed"] = "running"
    line: str = ""
    text: str = ""
    shows: tuple[Show, ...] = ()
    output: str = ""

    def take(self, output: str) -> None:
        """What it has written so far."""
        self.output = (self.output + output)[-_OUTPUT:]
        self.changed()

    def end(self, text: str, line: str, shows: tuple[Show, ...], failed: bool) -> None:
        self.state, self.text, self.line, self.shows = "failed" if failed else "done", text, line, shows
        self.changed()

    @property
    def subject(self) -> str:
        """What it is about: its first value."""
        return next((value if isinstance(value, str) else str(value) for value in self.input.values()), "")

    @property
    def copied(self) -> str:
        return self.text or self.subject


@dataclass(slots=True, eq=False)
class Fork(Item):
    """A fork that was born here, and how it stands."""

    tight = True
    child: str
    task: str
    status: ForkStatus = "running"

    @property
    def copied(self) -> str:
        return self.task


@dataclass(slots=True, eq=False)
class Report(Item):
    """A fork's report: ready, or `joined` into the history. Folded but for its beginning."""

    folds = True
    tight = True
    child: str
    text: str
    status: ForkStatus = "done"
    task: str = ""
    joined: bool = False
    error: str = ""
    cost: str = ""
    aside: bool = False

    @property
    def copied(self) -> str:
        return self.text


@dataclass(slots=True, eq=False)
class Note(Item):
    """A line about what happened, in the colour of what it means."""

    tight = True
    text: str
    tone: Tone = "dim"
    mark: str = ""

    def size(self) -> int:
        return len(self.text)

    @property
    def copied(self) -> str:
        return self.text


@dataclass(slots=True, eq=False)
class Output(Item):
    """What a command or a shell line of the person's own came to, as it comes. Long output is folded; what has a `fit`
    is laid out for the screen's width until somebody opens it."""

    folds = True
    command: str
    text: str = ""
    ending: str = ""
    live: bool = False
    fit: Fit | None = None

    def take(self, text: str) -> None:
        self.text += text
        self.changed()

    def end(self, text: str = "", ending: str = "", fit: Fit | None = None) -> None:
        self.text, self.ending, self.live, self.fit = self.text + text, ending, False, fit
        self.changed()

    @property
    def whole(self) -> bool:
        """Whether all of it is seen without opening it."""
        return self.fit is None and self.text.rstrip("\n").count("\n") < SHOWN

    def size(self) -> int:
        return min(len(self.text), 2000)

    @property
    def copied(self) -> str:
        return self.text
