"""What there is to see of a conversation at a glance, once for all front ends: figures, context, warmth, forks, misses.

Nothing here sums the ledger up: a look costs what has happened since the last one.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from omg.agent.budget import Purse
from omg.agent.spending import listed
from omg.agent.state import Branch
from omg.cache.ledger import Figures, Line
from omg.core.amounts import tokens
from omg.core.events import ForkStatus
from omg.core.usage import Usage
from omg.session.breath import BREATH
from omg.session.context import Context, Contexts
from omg.session.conversation import Conversation
from omg.session.doing import working_on
from omg.session.held import Held, Holds
from omg.session.losses import Lost, losses, usd_of
from omg.session.questions import Questions

_AT_ONCE = 500
"""Requests that are gone through before others get their turn."""
NOTHING = Figures(Usage(), 0, 0.0, 0.0)
"""The figures of a branch that has sent nothing."""


@dataclass(frozen=True, slots=True)
class Status:
    """All that the one line of a narrow screen tells."""

    model: str
    mode: str
    simulated: bool = False
    """Whether the offline provider answers, so that money is what it would have cost."""
    used: int = 0
    window: int = 0
    figures: Figures = NOTHING
    """Of the whole tree."""
    running: int = 0
    """Forks at work."""
    ready: int = 0
    """Reports that wait for main."""
    asking: int = 0
    """Questions that wait for the person."""
    held: Held | None = None


@dataclass(frozen=True, slots=True)
class Fork:
    """One fork as a list shows it. `figures` are of its own requests."""

    name: str
    parent: str
    depth: int
    """1 for main's own."""
    task: str
    aside: bool
    status: ForkStatus
    doing: str
    """At work: its newest call, or what it waits for. Else why it ended, where something was wrong."""
    question: str
    """What it asks the person; empty where it asks nothing."""
    pending: bool
    """Whether its report waits for its parent."""
    used: int
    """Tokens in its context."""
    figures: Figures
    held: Held | None


@dataclass(frozen=True, slots=True)
class Miss:
    """A request that read less than it might have. `usd` is what that cost; None where it is not known."""

    n: int
    branch: str
    at: float
    cause: str
    lost: int | None
    """Tokens that were not read."""
    usd: float | None


@dataclass(slots=True)
class _Doing:
    """What a branch did when somebody last looked, and by what one sees that it still does."""

    key: tuple[object, ...]
    words: str


@dataclass(slots=True)
class Glance:
    """One conversation, seen. Always as it is now: nothing has to be told to it."""

    conversation: Conversation
    ready: bool = True
    """Whether the ledger has been gone through."""
    _contexts: Contexts = field(init=False)
    _holds: Holds = field(init=False)
    _doing: dict[str, _Doing] = field(default_factory=dict[str, _Doing])
    _misses: dict[str | None, list[Miss]] = field(default_factory=dict[str | None, list[Miss]])

    def __post_init__(self) -> None:
        runtime = self.conversation.agent.runtime
        self._contexts, self._holds = Contexts(self.conversation), Holds(runtime)

    async def begin(self) -> None:
        """Load the price list and go through what a session has on record, which takes a while: in a thread, and in
        steps. Until then nothing is summed up for `status`."""
        self.ready = False
        await asyncio.sleep(BREATH)
        await asyncio.to_thread(self._load_prices)
        while not self.conversation.agent.runtime.tally.catch_up(_AT_ONCE):  # noqa: ASYNC110 - it is work, no waiting
            await asyncio.sleep(0)
        self.ready = True

    def _load_prices(self) -> None:
        for head in list(self.conversation.tree.heads.values()):
            listed(self.conversation.agent.runtime, head)

    @property
    def now(self) -> float:
        """The conversation's time, in seconds, UTC epoch."""
        return self.conversation.agent.runtime.clock()

    def figures(self, branch: str | None = None) -> Figures:
        """The ledger's sums: of the whole tree, or of one branch's own requests."""
        return self.conversation.figures(branch)

    def requests(self, most: int, branch: str | None = None) -> list[Line]:
        """The last requests, the oldest first; 240 at most."""
        return self.conversation.agent.runtime.tally.newest(most, branch)

    def context(self, branch: str = "main") -> Context:
        """A branch's context by class. Raises KeyError."""
        return self._contexts.of(self.conversation.tree.branches[branch])

    def held(self, branch: str = "main") -> Held | None:
        """What the provider still holds of a branch, and until when; None where that cannot be known."""
        held = self._holds.of(self.conversation.tree.branches[branch])
        return held.with_ping(self.conversation.warm.due) if held is not None and branch == "main" else held

    def purse(self, branch: str = "main") -> Purse:
        """A branch's money, its forks' included. Raises KeyError."""
        return self.conversation.agent.runtime.budgets.purse(branch)

    def compaction(self) -> str:
        """When main's history is folded into a summary next, and why not yet; empty before anything was said."""
        agent = self.conversation.agent
        live = agent.live("main")
        if live.branch.tip is None:
            return ""
        decided = agent.compactor.decision(live)
        if decided.what != "go on":
            return f"compaction {'waits' if decided.what == 'wait' else 'is due'}: {decided.why}"
        limit = agent.compactor.limit(live)
        return f"next compaction at {tokens(limit)}" + (", when forks are done" if agent.running() else "")

    def misses(self, branch: str | None = None) -> list[Miss]:
        """Every miss, the oldest first."""
        lines, known = self.conversation.agent.runtime.tally.missed(branch), self._misses.get(branch)
        if known is None or len(lines) != len(known):
            known = self._misses[branch] = [_miss(line) for line in lines]
        return known

    def losses(self, branch: str | None = None) -> list[Lost]:
        """The misses by their cause, the dearest first, those of unknown cost at the end."""
        return losses((miss.cause, miss.lost, miss.usd) for miss in self.misses(branch))

    def status(self) -> Status:
        """What the one line tells."""
        conversation = self.conversation
        agent = conversation.agent
        context = self.context()
        return Status(
            model=conversation.model,
            mode=agent.mode("main"),
            simulated=conversation.config.provider_name == "offline",
            used=context.used,
            window=context.window,
            figures=self.figures() if self.ready else NOTHING,
            running=len(agent.running()),
            ready=len(conversation.tree.branches["main"].pending),
            asking=len(self._questions()),
            held=self.held() if self.ready else None,
        )

    def forks(self) -> list[Fork]:
        """Every fork: each behind its parent, in the order they were made."""
        children: dict[str, list[Branch]] = {}
        for branch in self.conversation.tree.branches.values():
            if branch.made.parent is not None and branch.made.purpose in ("fork", "aside"):
                children.setdefault(branch.made.parent, []).append(branch)
        questions, found = self._questions(), list[Fork]()
        line = list(reversed(children.get("main", [])))
        while line:
            branch = line.pop()
            found.append(self._fork(branch, questions.get(branch.name, "")))
            line += reversed(children.get(branch.name, []))
        return found

    def fork(self, name: str) -> Fork:
        """One fork. Raises KeyError."""
        return self._fork(self.conversation.tree.branches[name], self._questions().get(name, ""))

    def _fork(self, branch: Branch, question: str) -> Fork:
        made, status = branch.made, branch.status or "done"
        parent = self.conversation.tree.branches.get(made.parent or "")
        return Fork(
            name=branch.name,
            parent=made.parent or "",
            depth=made.depth,
            task=made.task or "",
            aside=made.purpose == "aside",
            status=status,
            doing=self._at(branch) if status == "running" else branch.error or "",
            question=question,
            pending=parent is not None and branch.name in parent.pending,
            used=self.context(branch.name).used,
            figures=self.figures(branch.name),
            held=self.held(branch.name),
        )

    def _at(self, branch: Branch) -> str:
        """What it does, read from its newest message once."""
        live = self.conversation.agent.lives.get(branch.name)
        if live is not None and live.busy and live.place is None:
            return "waits for a place"
        key = (branch.tip, len(branch.results), branch.status)
        known = self._doing.get(branch.name)
        if known is None or known.key != key:
            known = self._doing[branch.name] = _Doing(key, working_on(self.conversation, branch.name))
        return known.words

    def _questions(self) -> dict[str, str]:
        """The first question that waits of each branch, in a line."""
        asker = self.conversation.config.asker
        if not isinstance(asker, Questions):
            return {}
        return {
            asked.question.branch: f"{asked.question.tool} {asked.question.subject}".strip()
            for asked in reversed(asker.waiting)
        }


def _miss(line: Line) -> Miss:
    return Miss(line.n, line.branch, line.at, line.cause or "", line.lost, usd_of(line))
