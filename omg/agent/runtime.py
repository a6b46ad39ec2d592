"""What all branches of a session share: the provider, the journal and its tree, the clock, the limits."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from omg.agent.budget import Budgets
from omg.agent.facts import Fact
from omg.agent.journal import BranchEnded, BudgetSet, Journal, JournalError, Record, ReplyBegun, RequestSettled
from omg.agent.permit import Asker, Mode, Rule
from omg.agent.state import Branch, Tree
from omg.agent.tally import Tally
from omg.cache.forecast import Forecast, forecast
from omg.cache.held import Heads
from omg.cache.holdings import Holdings
from omg.cache.plan import Ttls
from omg.cache.rules import STRICT, Reading
from omg.core.catalog import Catalog
from omg.core.events import Emit
from omg.core.usage import Ttl
from omg.provider.protocol import Provider
from omg.wire.chain import Node
from omg.wire.head import Head, Headers
from omg.wire.request import Mark
from omg.wire.seal import Json
from omg.workspace.kept import Kept

_FREES = (ReplyBegun, RequestSettled, BranchEnded, BudgetSet)
"""Records behind which a budget may have more room than before."""

Refusable = Literal["silence", "diagnostics", "counting"]
"""What an endpoint may turn out not to take: `max_tokens: 0`, or to be asked what was not read from its cache, or how
long a prompt is."""


@dataclass(frozen=True, slots=True)
class ModelSetup:
    """The model of a session and what its profile says of it: what goes into the head and the envelope."""

    model: str
    max_tokens: int
    window: int
    minimum: int
    """Tokens under which nothing is cached."""
    ttls: Ttls | None
    """Where the endpoint honours markers; None: no markers are sent. The messages' is decided for each branch; a head
    of 5m says that there is no other."""
    headers: Headers = ()
    extra: tuple[tuple[str, Json], ...] = ()
    """Head fields that are set: thinking, output_config."""
    remembers: bool = True
    """Whether the endpoint's cache outlives this process."""
    shares_cache: bool = True
    """Whether the endpoint has any prefix cache, so that holding siblings behind a leader can pay."""
    ping_tokens: int | None = None
    """`max_tokens` of the cheapest request that keeps a prefix warm; None: the endpoint's is not kept by pings."""
    reading: Reading = STRICT
    """How the endpoint's rules are read where requests are foretold."""
    diagnoses: bool = False
    """Whether the endpoint is asked what was not read from its cache, and why."""
    counts_tokens: bool = False
    """Whether the endpoint can be asked how many tokens a prompt has."""
    settle_seconds: float = 0.0
    """Seconds from the beginning of a reply until what its request wrote can be read, as far as was found out."""


Cold = Literal["auto", "all"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds a session."""

    width: int = 16
    depth: int = 3
    hold_usd: float = 0.0
    max_turns: int | None = None
    budget_usd: float = 0.0
    """Dollars that a session may cost where nobody has said; 0: no limit."""
    confirm_usd: float = 0.0
    """Ask before anything predicted to cost more; 0: never."""
    compact_at: float = 0.8
    """When a history is folded: up to 1 a part of the model's window, above 1 a number of tokens."""
    early: bool = True
    """Whether it is folded earlier where reading it has cost as much as a summary would."""
    draft: bool = True
    """Whether summaries may be prepared before a prefix goes cold."""
    cold: Cold = "auto"
    """How a session whose prefix is cold goes on, where nobody chooses: as a visit costs least, or with all of it."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How the person works here, by which the cache is kept."""

    typed: bool = False
    """Whether somebody types, and may let a while pass between turns."""
    gaps: Sequence[float] = ()
    """Seconds between their turns so far, the newest last; it grows as they go on."""
    ttl: Ttl | None = None
    """The ttl of messages that they have set; None: it is decided."""
    keep_warm: bool = True
    """Whether pings may be sent for them."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a session's branches begin with."""

    mode: Mode
    allow: tuple[Rule, ...] = ()
    deny: tuple[Rule, ...] = ()


@dataclass(slots=True)
class Runtime:
    """Shared services. `emit` feeds every front end; `record` is the one way to change the tree."""

    provider: Provider
    catalog: Catalog
    journal: Journal
    tree: Tree
    emit: Emit
    folder: Path
    root: Path
    setup: ModelSetup
    """Main's."""
    setup_for: Callable[[str], ModelSetup]
    """The setup of another model, by name."""
    limits: Limits
    rules: Rules
    asker: Asker | None
    outputs: Path
    """The folder that keeps output too long for a result."""
    kept: Kept | None = None
    """Where what files held before is kept; None: nowhere."""
    facts: Callable[[], Sequence[Fact]] = field(default=tuple)
    news: Callable[[Branch], Sequence[Fact]] = field(default=lambda branch: ())
    """What a branch is told once, of the time in which it rested."""
    own_brief: Callable[[], str | None] = field(default=lambda: None)
    """What the person or the project has written in place of COMPACT.md; None: nothing."""
    clock: Callable[[], float] = time.time
    holdings: Holdings = field(default_factory=Holdings)
    """What the provider holds of this tree's prefixes."""
    heads: Heads | None = None
    """What sessions tell each other of heads; None: nothing."""
    habits: Habits = field(default_factory=Habits)
    refused: set[Refusable] = field(default_factory=set[Refusable])
    """What the endpoint has refused since this session was opened, so that it is not asked again."""
    retry_wait: Callable[[float], float] = field(default=lambda seconds: seconds)
    tally: Tally = field(init=False)
    """The ledger's sums."""
    budgets: Budgets = field(init=False)

    def __post_init__(self) -> None:
        self.tally = Tally(self.tree)
        self.budgets = Budgets(self.tree, self.tally)

    def record(self, *records: Record) -> None:
        """Write `records` to the journal, then take them into account. Raises JournalError, and then neither."""
        self.journal.write(*records)
        self._apply(records)

    def record_anyway(self, *records: Record) -> None:
        """Record what has happened already and cannot be undone: where it cannot be written it is taken into account
        all the same, and a later process, which will not find it, mends what is missing."""
        try:
            self.record(*records)
        except JournalError:
            self._apply(records)

    def _apply(self, records: Sequence[Record]) -> None:
        for record in records:
            self.tree.apply(record)
        if any(isinstance(record, _FREES) for record in records):
            self.budgets.moved()

    def foretell(self, head: Head, tip: Node, marks: Sequence[Mark], now: float | None = None) -> Forecast:
        """What a request would be billed for its input, now or at another time, by the rules that are in force."""
        setup, at = self.setup_of(head), self.clock() if now is None else now
        self.recall(head, at)
        return forecast(self.holdings, head, tip, marks, now=at, minimum=setup.minimum, reading=setup.reading)

    def brief(self) -> str:
        """What a summary is to keep, in words."""
        return self.own_brief() or self.catalog.compact

    def recall(self, head: Head, now: float) -> None:
        """Ask other sessions for a head that, as far as is known here, the provider does not hold."""
        own = self.holdings.shared(head)
        if self.heads is None or (own is not None and own.lives(now)) or not self.setup_of(head).remembers:
            return
        held = self.heads.held(head.id)
        if held is not None:
            self.holdings.recall(held, lives=held.lives(now))

    def setup_of(self, head: Head) -> ModelSetup:
        """The setup that requests with `head` go out with: a fork keeps its model when main changes to another."""
        return self.setup if head.model == self.setup.model else self.setup_for(head.model)
