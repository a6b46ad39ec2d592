"""What an agent puts on record, in the order it happens. The session log is the journal that lasts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol

from omg.agent.permit import Mode
from omg.core.events import ForkStatus, Purpose
from omg.core.trouble import Trouble
from omg.core.usage import Usage
from omg.wire.chain import Node
from omg.wire.head import Head

MarkRecord = tuple[str | None, int, str]
"""A breakpoint: node id (None: the head), block, ttl."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Something that happened. `at` is in seconds, UTC epoch."""

    kind: ClassVar[str]
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionMade(Record):
    """The first record; again where a session goes on in a newer format, which is then its own. `parent` and
    `parent_node` name the session and node that it was forked from."""

    kind: ClassVar[str] = "session"
    format: int
    id: str
    folder: str
    omg: str
    provider: str
    parent: str | None = None
    parent_node: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadMade(Record):
    """A head, with its bytes."""

    kind: ClassVar[str] = "head"
    head: Head


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchMade(Record):
    """A branch at a node. `group` and `place` order the children of one fork; `mode` is its authority."""

    kind: ClassVar[str] = "branch"
    name: str
    head: str
    node: str | None
    parent: str | None = None
    task: str | None = None
    group: str = ""
    place: int = 0
    depth: int = 0
    purpose: Purpose = "turn"
    told: dict[str, str] = field(default_factory=dict[str, str])
    seen: dict[str, str] = field(default_factory=dict[str, str])
    """What its history has told and read already, where that history comes from another session."""
    budget: float | None = None
    """Dollars that it and its own forks may cost; None: whatever its parent may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochBegun(Record):
    """A branch goes on with another head or another history. The old epoch stays.

    `told` and `seen` are what the new history tells and has read; None: all that the old one did. `fork` names the
    fork whose own history it goes on with.
    """

    kind: ClassVar[str] = "epoch"
    branch: str
    head: str
    node: str | None
    cause: str
    told: dict[str, str] | None = None
    seen: dict[str, str] | None = None
    fork: str | None = None
    folds: str | None = None
    """The newest node of the history that the new one begins with a summary of, or that was pruned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryMade(Record):
    """A summary of a branch's history up to `node`, checked: what a next epoch can begin with. It replaces nothing.

    `draft`: prepared while reading was cheap, for a person who may want it when it is not; nobody has asked for it.
    """

    kind: ClassVar[str] = "summary"
    branch: str
    epoch: int
    node: str
    text: str
    draft: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSealed(Record):
    """A message sealed and made the branch's newest.

    `joins` are the children whose reports it carries, `told` the facts it tells (name to hash), `words` the block
    that holds the person's own words, `attached` how many blocks right before it (or, without words, at the end) hold
    what was attached to them. `seen` are the file hashes that its results have read, where these were given to a
    message that this one is sealed anew from.
    """

    kind: ClassVar[str] = "node"
    branch: str
    node: Node
    joins: tuple[str, ...] = ()
    told: dict[str, str] = field(default_factory=dict[str, str])
    words: int | None = None
    seen: dict[str, str] = field(default_factory=dict[str, str])
    attached: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLogged(Record):
    """A request about to be sent: all that is needed to render it again, and the SHA-256 of its body."""

    kind: ClassVar[str] = "request"
    n: int
    branch: str
    head: str
    tip: str
    marks: tuple[MarkRecord, ...]
    max_tokens: int
    hash: str
    size: int
    purpose: Purpose
    epoch: int = 1
    predicted: Usage | None = None
    stream: bool = True
    previous: str | None = None
    """The message that the provider was asked to compare it with: "" for none yet; None: it was not asked."""

    @property
    def silent(self) -> bool:
        """Whether it only writes or refreshes a prefix: nothing follows it, and its branch stays as it was."""
        return self.purpose in ("keep_alive", "warm_up")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyBegun(Record):
    """A reply has begun: what was sent is final. `seconds` is the time to the first event."""

    kind: ClassVar[str] = "begun"
    n: int
    message_id: str
    usage: Usage
    seconds: float
    request_id: str | None = None
    organisation: str | None = None
    workspace: str | None = None
    reason: str | None = None
    missed: int | None = None
    """What the provider says was another prompt than that of the message before, and the tokens missed for it."""


Settlement = Literal["whole", "cut", "refused", "failed", "interrupted"]
"""whole: sealed or complete. cut: begun and not ended. refused, failed, interrupted: before it began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSettled(Record):
    """A request is over. After `cut`, `usage.output` is None and lies between `output_seen` and max_tokens.

    `lost` are the tokens that were not read for the `cause`; None where there is none, or nobody has counted them.
    """

    kind: ClassVar[str] = "settled"
    n: int
    how: Settlement
    stop: str | None = None
    usage: Usage | None = None
    output_seen: int = 0
    error: str | None = None
    cause: str | None = None
    lost: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack(Record):
    """A message that no reply began to: the branch is back at `node`, its last accepted one."""

    kind: ClassVar[str] = "back"
    branch: str
    node: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDone(Record):
    """What a tool call came to, before anybody used it. `seen` are the file hashes it learnt, `replaced` those of what
    the files that it wrote held before, which is kept; None: there was no such file."""

    kind: ClassVar[str] = "tool"
    branch: str
    id: str
    text: str
    is_error: bool
    line: str = ""
    seen: dict[str, str] = field(default_factory=dict[str, str])
    joins: tuple[str, ...] = ()
    replaced: dict[str, str | None] = field(default_factory=dict[str, str | None])


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchEnded(Record):
    """A child's outcome; its report is pending on its parent from here on."""

    kind: ClassVar[str] = "end"
    branch: str
    status: ForkStatus
    text: str
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchWoken(Record):
    """A finished child works again."""

    kind: ClassVar[str] = "wake"
    branch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDropped(Record):
    """A pending report that the person does not want joined."""

    kind: ClassVar[str] = "drop"
    branch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportWanted(Record):
    """The answer to a question aside that the person wants joined after all: it is pending from here on."""

    kind: ClassVar[str] = "want"
    branch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorMade(Record):
    """A node marked by name, to be forked from later. The same name again moves it. `automatic`: nobody has asked for
    it, and nobody has said that they will come back."""

    kind: ClassVar[str] = "anchor"
    branch: str
    name: str
    node: str
    automatic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleGranted(Record):
    """A person's answer that widens one branch for the rest of the session."""

    kind: ClassVar[str] = "rule"
    branch: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeSet(Record):
    """A branch's mode from here on."""

    kind: ClassVar[str] = "mode"
    branch: str
    mode: Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetSet(Record):
    """What a branch and its forks may cost in all, in dollars, from here on. 0: no limit of its own."""

    kind: ClassVar[str] = "budget"
    branch: str
    limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleSet(Record):
    """The session's title from here on. One that a person gave is not replaced by the model's."""

    kind: ClassVar[str] = "title"
    title: str
    by: Literal["person", "model"] = "person"


class JournalError(Trouble):
    """The journal could not be written, and holds nothing of what was to be recorded."""


class Journal(Protocol):
    """Where records go. A record is safe from the death of this process once `write` returns."""

    def write(self, *records: Record) -> None:
        """Append all of `records` or none. Raises JournalError."""
        ...

    def sync(self) -> None:
        """Make what was written safe from the death of the machine."""
        ...

    def close(self) -> None:
        """Let go of it; nothing is written any more."""
        ...
