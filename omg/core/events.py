"""Events: what happens, as it happens. Every front end is fed by these and by nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import ClassVar, Literal

from omg.core.spoken import Attachment
from omg.core.tool import Show
from omg.core.usage import Usage

Purpose = Literal["turn", "fork", "aside", "compaction", "keep_alive", "title", "warm_up"]
ONE_SHOT: frozenset[Purpose] = frozenset({"aside", "compaction", "title"})
"""What a branch is made for that says one thing and is not gone on with."""
Decision = Literal["allowed", "refused", "asked"]
CompactionPhase = Literal["waits", "writes", "written", "done", "refused"]
"""waits: for forks. writes: a summary is asked for. written: it is kept for later. done: a new epoch. refused: there is
no summary that can be used, and nothing has changed."""
ForkStatus = Literal["running", "done", "failed", "stopped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened on a branch. `at` is in seconds, UTC epoch."""

    type: ClassVar[str]
    branch: str
    at: float

    def to_json(self, session: str) -> dict[str, object]:
        """One line of `--output stream-json`."""
        line: dict[str, object] = {"type": self.type, "session": session}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name not in _DISPLAY_ONLY:
                line[field.name] = value.to_json() if isinstance(value, Usage) else value
        return line


_DISPLAY_ONLY = frozenset({"shows", "line", "attachments"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened(Event):
    type: ClassVar[str] = "session"
    folder: str
    model: str
    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSaid(Event):
    type: ClassVar[str] = "user"
    text: str
    attached: tuple[str, ...] = ()
    """What went with the words, each in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Event):
    type: ClassVar[str] = "text"
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Thinking(Event):
    type: ClassVar[str] = "thinking"
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyEnded(Event):
    """A reply is sealed (`whole`), or what was streamed of it is void."""

    type: ClassVar[str] = "reply"
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCalled(Event):
    type: ClassVar[str] = "tool_call"
    id: str
    name: str
    input: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolOutput(Event):
    type: ClassVar[str] = "tool_output"
    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult(Event):
    type: ClassVar[str] = "tool_result"
    id: str
    is_error: bool
    text: str
    name: str
    line: str = ""
    shows: tuple[Show, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested(Event):
    type: ClassVar[str] = "request"
    n: int
    purpose: Purpose
    usage: Usage | None
    """Predicted; None where nothing predicts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used(Event):
    """What the provider said of one request, once its reply has ended (or was cut)."""

    type: ClassVar[str] = "usage"
    n: int
    purpose: Purpose
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheMissed(Event):
    """A request read less than it might have; `provider` is what the provider says of that, where it says otherwise."""

    type: ClassVar[str] = "cache_miss"
    n: int
    cause: str
    provider: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forked(Event):
    """A child was born on `branch`."""

    type: ClassVar[str] = "fork"
    child: str
    task: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced(Event):
    """What a spawn will cost at its beginning: the first requests of `children` forks, in dollars where known.

    `usage` and `usd` hold while what the provider has now lives, `usd_cold` when it has gone.
    """

    type: ClassVar[str] = "price"
    what: str
    start: str
    children: int
    prefix: int
    usage: Usage
    usd: float | None
    usd_cold: float | None
    way: str | None = None
    """How forks go: "at once", or behind a "leader" or a "pre-warm" that writes what they share; `why` says more."""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined(Event):
    """A child ended; its report is pending on `branch`, or sealed into it (`sealed`)."""

    type: ClassVar[str] = "join"
    child: str
    status: ForkStatus
    text: str
    sealed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Compacted(Event):
    """What has been decided or done about folding a branch's history, and why. Tokens are of its whole prefix."""

    type: ClassVar[str] = "compaction"
    text: str
    phase: CompactionPhase = "done"
    before: int = 0
    after: int = 0
    """Where `phase` is "done": tokens of the new epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission(Event):
    type: ClassVar[str] = "permission"
    tool: str
    input: dict[str, object]
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice(Event):
    type: ClassVar[str] = "notice"
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Event):
    type: ClassVar[str] = "error"
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnEnded(Event):
    """A turn is over. `draft` and `attachments` give a person back what they said, where the turn was taken back."""

    type: ClassVar[str] = "turn_end"
    stop: str
    error: str | None = None
    draft: str | None = None
    attachments: tuple[Attachment, ...] = ()


Emit = Callable[[Event], None]
