"""The state of a session tree: what its records add up to. Live and resumed sessions go through the same `apply`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

from omg.agent.calls import open_calls
from omg.agent.journal import (
    AnchorMade,
    BranchEnded,
    BranchMade,
    BranchWoken,
    BudgetSet,
    CallDone,
    EpochBegun,
    HeadMade,
    ModeSet,
    NodeSealed,
    Record,
    ReplyBegun,
    ReportDropped,
    ReportWanted,
    RequestLogged,
    RequestSettled,
    RuleGranted,
    SessionMade,
    SummaryMade,
    TakenBack,
    TitleSet,
)
from omg.agent.permit import Mode
from omg.agent.requests import Request, Requests
from omg.cache.prices import LISTED, PriceList
from omg.core.events import ForkStatus
from omg.wire.chain import Node
from omg.wire.head import Head


@dataclass(frozen=True, slots=True)
class Epoch:
    """A life of a branch that is over: what it began at, and the newest node that was accepted in it."""

    number: int
    head: Head
    base: Node | None
    tip: Node | None
    ended: float
    """When the next one began, in seconds, UTC epoch."""
    cause: str
    """Why the next one began."""
    results: dict[str, CallDone] = field(default_factory=dict[str, CallDone])
    """Of the calls that were left open at its end."""
    cut: bool = False
    """Whether its last reply was cut after it had begun."""


@dataclass(slots=True)
class Branch:
    """A growing tip, and what belongs to it alone."""

    made: BranchMade
    head: Head
    base: Node | None
    """Where it began: its fork point, or the beginning of its epoch."""
    tip: Node | None
    accepted: Node | None
    """The newest node that the provider has begun to answer, or that it has said itself."""
    status: ForkStatus | None = None
    report: str = ""
    error: str | None = None
    mode: Mode | None = None
    mode_from: Node | None = None
    """The newest node that was accepted when this mode began; None: it holds from the branch's beginning."""
    budget: float | None = None
    """Dollars that it and its forks may cost in all. 0: no limit; None: nobody has said."""
    epoch: int = 1
    past: list[Epoch] = field(default_factory=list[Epoch])
    """The epochs before this one, the newest last."""
    summary: SummaryMade | None = None
    """The newest summary of this epoch, up to a node of it."""
    last_request: int | None = None
    """The last request whose reply began, in this epoch."""
    results: dict[str, CallDone] = field(default_factory=dict[str, CallDone])
    pending: list[str] = field(default_factory=list[str])
    told: dict[str, str] = field(default_factory=dict[str, str])
    seen: dict[str, str] = field(default_factory=dict[str, str])
    rules: list[str] = field(default_factory=list[str])
    unaccepted: list[NodeSealed] = field(default_factory=list[NodeSealed])
    cut: bool = False
    """Whether the last reply was cut after it had begun, so that it is missing from the history."""
    was_fork: bool = False
    """Whether it goes on with a fork's own history, and nobody has told the model so yet."""

    @property
    def name(self) -> str:
        return self.made.name

    def accept(self, node: Node) -> None:
        """The provider has begun to answer `node`, or has said it: what was sealed up to it is final."""
        self.accepted = node
        for sealed in self.unaccepted:
            self.told |= sealed.told
        self.unaccepted.clear()

    def unjoin(self) -> None:
        """The messages that no reply began to are gone: the reports in them are pending again."""
        for sealed in self.unaccepted:
            self.pending += [child for child in sealed.joins if child not in self.pending]
        self.unaccepted.clear()


class Tree:
    """A session and everything in it."""

    UNRECORDED: ClassVar = frozenset({"prices"})
    """What its records do not tell: no part of it when it is put away."""

    def __init__(self) -> None:
        self.made: SessionMade | None = None
        self.heads: dict[str, Head] = {}
        self.nodes: dict[str, Node] = {}
        self.branches: dict[str, Branch] = {}
        self.words: dict[str, int] = {}
        """By a user message's node: which of its blocks holds the person's words, or a fork's task."""
        self.tells: dict[str, dict[str, str]] = {}
        """By node: the facts that it tells, or that the history up to it is known to have told."""
        self.sees: dict[str, dict[str, str]] = {}
        """By node: the file hashes that its tool results have read, or that the history up to it has."""
        self.replaced: dict[str, dict[str, str | None]] = {}
        """By node: what the files that its calls wrote held before, by the hash that it is kept under."""
        self.call_lines: dict[str, dict[str, str]] = {}
        """By a user message's node: the one line for people of each call whose result it holds, by the call's id."""
        self.attached: dict[str, int] = {}
        """By a user message's node: how many blocks before those words (else at its end) were attached to them."""
        self.requests = Requests()
        self.automatic: list[str] = []
        """The names of anchors that were made by themselves."""
        self.anchors: dict[str, Node] = {}
        """Nodes by the name they were marked with, the newest last."""
        self.folded: dict[str, Node] = {}
        """By the newest node that an epoch began with: the newest one of the history that was folded into it."""
        self.fold_causes: dict[str, str] = {}
        """By the same node: why it was folded."""
        self.title: TitleSet | None = None
        """The title that somebody has given."""
        self.updated = 0.0
        self.prices: PriceList = LISTED
        """What its requests are priced by. Not on record: what a person sets holds for what was billed before, too."""

    @property
    def session(self) -> SessionMade:
        """The session's newest record, made when its first was. Raises LookupError on an empty tree."""
        if self.made is None:
            raise LookupError("no session has been made")
        return self.made

    @property
    def next_n(self) -> int:
        """The number of the next request. Numbers only rise, also where damage has taken some out."""
        return next(reversed(self.requests), 0) + 1

    def node(self, id: str | None) -> Node | None:
        """A node by its id; None for the empty history. Raises KeyError."""
        return None if id is None else self.nodes[id]

    def told_at(self, node: Node | None) -> dict[str, str]:
        """The facts that the history of `node` tells."""
        return _along(self.tells, node)

    def seen_at(self, node: Node | None) -> dict[str, str]:
        """The file hashes that the history of `node` has read."""
        return _along(self.sees, node)

    def children(self, name: str) -> list[Branch]:
        """The branches forked from `name`, in the order they were made."""
        return [branch for branch in self.branches.values() if branch.made.parent == name]

    def apply(self, record: Record) -> None:
        """Take one record into account. Raises KeyError where it names what was never recorded."""
        self.updated = record.at
        match record:
            case SessionMade():
                self.made = record if self.made is None else replace(record, at=self.made.at)
            case HeadMade():
                self.heads[record.head.id] = record.head
            case BranchMade():
                self._branch(record)
            case EpochBegun():
                self._epoch(record)
            case NodeSealed():
                self._sealed(record)
            case RequestLogged():
                self._requested(record)
            case ReplyBegun():
                self._begun(record)
            case RequestSettled():
                self._settled(record)
            case TakenBack():
                self._back(record)
            case CallDone():
                self._call(record)
            case BranchEnded():
                self._ended(record)
            case BranchWoken():
                branch = self.branches[record.branch]
                branch.status, branch.error = "running", None
                self._forget(record.branch)
            case ReportDropped():
                self._forget(record.branch)
            case ReportWanted():
                self._report(self.branches[record.branch])
            case AnchorMade():
                self.anchors.pop(record.name, None)
                self.automatic = [name for name in self.automatic if name != record.name]
                self.automatic += [record.name] if record.automatic else []
                self.anchors[record.name] = self.nodes[record.node]
            case SummaryMade():
                branch = self.branches[record.branch]
                if record.epoch == branch.epoch and record.node in self.nodes:
                    branch.summary = record
            case RuleGranted():
                self.branches[record.branch].rules.append(record.rule)
            case ModeSet():
                branch = self.branches[record.branch]
                branch.mode, branch.mode_from = record.mode, branch.accepted
            case BudgetSet():
                self.branches[record.branch].budget = record.limit
            case TitleSet():
                if record.by == "person" or self.title is None or self.title.by == "model":
                    self.title = record
            case _:
                raise TypeError(f"a record of no known kind: {record!r}")

    def _branch(self, record: BranchMade) -> None:
        node = self.node(record.node)
        branch = Branch(record, self.heads[record.head], node, node, node)
        self._know(node, record.told, record.seen)
        branch.told, branch.seen, branch.budget = dict(record.told), dict(record.seen), record.budget
        parent = self.branches.get(record.parent) if record.parent else None
        if parent is not None:
            branch.told, branch.seen = self._inherited(parent, node)
            branch.rules, branch.mode = list(parent.rules), parent.mode
            branch.status = "running"
        self.branches[record.name] = branch

    def _inherited(self, parent: Branch, node: Node | None) -> tuple[dict[str, str], dict[str, str]]:
        """What a child of `parent` at `node` has been told and has read."""
        if node is not parent.tip:
            return self.told_at(node), self.seen_at(node)
        told = dict(parent.told)
        for sealed in parent.unaccepted:
            told |= sealed.told
        return told, dict(parent.seen)

    def _know(self, node: Node | None, told: dict[str, str], seen: dict[str, str]) -> None:
        """The history up to `node` tells `told` and has read `seen`."""
        if node is not None and told:
            self.tells[node.id] = self.tells.get(node.id, {}) | told
        if node is not None and seen:
            self.sees[node.id] = self.sees.get(node.id, {}) | seen

    def _epoch(self, record: EpochBegun) -> None:
        branch, head, node = self.branches[record.branch], self.heads[record.head], self.node(record.node)
        left = self._left_at(branch, node)
        self._over(branch, record.at, record.cause)
        if record.told is None:  # the same history with another head
            for sealed in branch.unaccepted:
                branch.told |= sealed.told
            branch.unaccepted.clear()
        else:
            branch.told = dict(record.told)
            branch.cut = branch.cut if record.folds is not None else left is not None and left.cut
        if record.folds is not None and node is not None and record.folds in self.nodes:
            self.folded[node.id] = self.nodes[record.folds]
            self.fold_causes[node.id] = record.cause
        branch.seen = branch.seen if record.seen is None else dict(record.seen)
        self._know(node, record.told or {}, record.seen or {})
        branch.head = head
        same = record.told is None or record.folds is not None
        branch.was_fork = record.fork is not None or (branch.was_fork and same)
        calls = {call.id for call in open_calls(node)}
        results = branch.results | (left.results if left is not None else {})
        branch.results = {id: done for id, done in results.items() if id in calls}
        self._begin_at(branch, node, branch.epoch + 1)

    def _over(self, branch: Branch, at: float, cause: str) -> None:
        """The branch's epoch is over."""
        tip, results = branch.accepted, branch.results
        branch.past.append(Epoch(branch.epoch, branch.head, branch.base, tip, at, cause, results, branch.cut))

    def _begin_at(self, branch: Branch, node: Node | None, epoch: int) -> None:
        branch.unjoin()
        branch.epoch, branch.last_request, branch.summary = epoch, None, None
        branch.base = branch.tip = branch.accepted = node

    def _left_at(self, branch: Branch, node: Node | None) -> Epoch | Branch | None:
        """The life that ended at `node`, or rests there: what was left open there is still open."""
        lives: list[Epoch | Branch] = [*self.branches.values(), *branch.past]
        for life in reversed(lives):
            if (life.tip if isinstance(life, Epoch) else life.accepted) is node:
                return life
        return None

    def _sealed(self, record: NodeSealed) -> None:
        node = self.nodes.setdefault(record.node.id, record.node)
        if record.words is not None:
            self.words[node.id] = record.words
        self._know(node, record.told, record.seen)
        if record.attached:
            self.attached[node.id] = record.attached
        branch = self.branches.get(record.branch)
        if branch is None:
            return
        before = branch.tip
        if node.parent is not before:
            if before is None or not before.extends(node.parent):
                raise KeyError(f"the epoch of {branch.name}")
            branch.unjoin()  # what lay between was taken back, and that could not be logged
        branch.tip = node
        if node.role == "assistant":
            branch.accept(node)
            branch.results = {}
            return
        for done in branch.results.values():
            self._know(node, {}, done.seen)
            if done.line:
                self.call_lines.setdefault(node.id, {})[done.id] = done.line
            if done.replaced:
                self.replaced[node.id] = done.replaced | self.replaced.get(node.id, {})
        branch.pending = [child for child in branch.pending if child not in record.joins]
        branch.unaccepted.append(record)

    def _requested(self, record: RequestLogged) -> None:
        branch, head = self.branches[record.branch], self.heads[record.head]
        self.requests[record.n] = Request(record)
        if record.silent:
            return
        tip = self.nodes.get(record.tip)
        if record.epoch != branch.epoch and tip is not None:  # the beginning of this epoch is damaged
            self._over(branch, record.at, "the beginning of this epoch is damaged")
            self._begin_at(branch, tip, record.epoch)
            branch.head, branch.accepted = head, tip.parent

    def _begun(self, record: ReplyBegun) -> None:
        request = self.requests.loose(record.n)
        request.begun = record
        if request.logged.silent:
            return
        branch, tip = self.branches[request.logged.branch], self.nodes.get(request.logged.tip)
        if tip is None:  # damaged: the ledger counts it, and nothing can follow it
            return
        branch.accept(tip)
        branch.last_request = record.n
        branch.results, branch.cut, branch.was_fork = {}, False, False

    def _settled(self, record: RequestSettled) -> None:
        request = self.requests.loose(record.n)
        request.settled = record
        if record.how == "cut" and not request.logged.silent:
            self.branches[request.logged.branch].cut = True

    def _back(self, record: TakenBack) -> None:
        branch = self.branches[record.branch]
        branch.tip = self.node(record.node)
        branch.unjoin()

    def _call(self, record: CallDone) -> None:
        branch = self.branches[record.branch]
        branch.results[record.id] = record
        branch.seen |= record.seen
        branch.pending = [child for child in branch.pending if child not in record.joins]

    def _ended(self, record: BranchEnded) -> None:
        branch = self.branches[record.branch]
        branch.status, branch.report, branch.error = record.status, record.text, record.error
        if branch.made.purpose == "fork":
            self._report(branch)

    def _report(self, child: Branch) -> None:
        parent = self.branches.get(child.made.parent or "")
        if parent is not None and child.name not in parent.pending:
            parent.pending.append(child.name)

    def _forget(self, child: str) -> None:
        for branch in self.branches.values():
            if child in branch.pending:
                branch.pending.remove(child)


def _along(known: Mapping[str, Mapping[str, str]], node: Node | None) -> dict[str, str]:
    """All that is known of the messages up to `node`; what a later one says holds."""
    found = [known[one.id] for one in (node.ancestors() if node else ()) if one.id in known]
    return {name: hash for each in reversed(found) for name, hash in each.items()}
