"""Compaction: a fork writes a summary of a branch's history at read price, and the branch goes on from it.

The history that was folded stays as it was, with every fork of it, and can be asked and returned to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from omg.agent.budget import Exhausted
from omg.agent.folded import COMPACTION, Folded, begin_epoch, beginning
from omg.agent.forks import Forks
from omg.agent.journal import JournalError, SummaryMade
from omg.agent.live import Live
from omg.agent.prewarm import prewarm
from omg.agent.remember import person_said, summary_before
from omg.agent.replay import ReplayFailed
from omg.agent.runtime import Runtime
from omg.agent.schedule import EARLY, Decision, Moment, ceiling, decide, threshold
from omg.agent.scribe import Unusable, summarised
from omg.agent.spending import listed, quoted
from omg.agent.state import Branch
from omg.agent.summary import SUMMARY_TOKENS, required
from omg.agent.ttl import BESIDE
from omg.agent.visits import epoch_reads
from omg.cache.plan import IllegalPlan
from omg.core.events import Compacted, CompactionPhase, Notice, Priced
from omg.core.trouble import Trouble
from omg.core.usage import Usage
from omg.provider.protocol import ProviderError
from omg.wire.chain import Node
from omg.wire.guard import Diverged

_AGAIN_AFTER = 1.05
"""By how much a history must have grown after a refusal before it is tried again unasked."""


_STEP = 0.9
"""How much of a history that is too long is tried next."""


_PATIENCE = 30.0
"""Seconds that a summary under way is given when the session is closed."""


class CompactionRefused(Trouble):
    """A summary that could not be had, or not be used. Nothing has changed."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """What a compaction is predicted to cost, its answer included; dollars are None where the price is unknown."""

    prefix: int
    usage: Usage
    usd: float | None
    usd_cold: float | None


@dataclass(slots=True)
class Compactor:
    """Folds the histories of one session's branches, when the schedule says so."""

    runtime: Runtime
    forks: Forks
    _asked: dict[str, bool] = field(default_factory=dict[str, bool])
    """Branches whose compaction a person has asked for, and whether at once."""
    _refused: dict[str, int] = field(default_factory=dict[str, int])
    """Tokens that a branch had when its compaction was refused."""
    _told: dict[str, str] = field(default_factory=dict[str, str])
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict[str, asyncio.Lock])
    _waiting: bool = False
    """Whether what is done beside waits for forks."""
    _beside: asyncio.Task[None] | None = None

    def decision(self, live: Live, coming: int = 0) -> Decision:
        """What the schedule says of a branch, with `coming` tokens about to be added."""
        branch, name = live.branch, live.name
        used = self.used(live) + coming
        nothing = self.nothing(live)
        if nothing:
            return Decision("go on", nothing)
        if used < _AGAIN_AFTER * self._refused.get(name, 0) and name not in self._asked:
            return Decision("go on", "the last compaction was refused, and little has been said since")
        running = self._readers(branch)
        return decide(
            Moment(
                used=used,
                window=self.runtime.setup_of(branch.head).window,
                at=self.runtime.limits.compact_at,
                begun=self._begun(live),
                fork=branch.made.parent is not None,
                paid=self._paid(live, used),
                running=[child.name for child in running],
                starting=any(child.last_request is None for child in running),
                asked=name in self._asked,
                now=self._asked.get(name, False),
            )
        )

    def nothing(self, live: Live) -> str | None:
        """Why there is nothing to fold; None where there is something."""
        branch = live.branch
        if branch.accepted is None:
            return "there is nothing to fold yet"
        if branch.tip is branch.base and self._summed_up(branch):
            return "there is nothing to fold: nothing has been said since the last compaction"
        return None

    def used(self, live: Live) -> int:
        """Tokens of a branch's prefix as it stands."""
        return self.runtime.holdings.tokens(live.branch.head, live.branch.tip)

    def _paid(self, live: Live, used: int) -> bool:
        """Whether the tokens that a summary would leave out have cost, in all requests of this epoch, what folding
        costs. Where a history grows evenly, this is when folding it costs least in the long run."""
        runtime, branch = self.runtime, live.branch
        wanted = runtime.limits.early and branch.made.parent is None and used >= EARLY * self._window(live)
        prices = listed(runtime, branch.head) if wanted else None
        if prices is None:
            return False
        shorter = runtime.holdings.tokens(branch.head, None) + SUMMARY_TOKENS + BESIDE
        read = sum(max(0, tokens - shorter) for tokens in epoch_reads(runtime.tree, branch))
        rates = prices.rates(used)
        fold = used * rates.read + SUMMARY_TOKENS * rates.output + shorter * (rates.write_1h or rates.write_5m)
        return read * rates.read >= fold

    def limit(self, live: Live) -> int:
        """Tokens from which on a branch's history is to be folded."""
        return threshold(self._window(live), self.runtime.limits.compact_at, self._begun(live))

    def _begun(self, live: Live) -> int:
        """What a summary and the rest beside it left of a history, in tokens; 0 where no summary begins it. An epoch
        that only left old tool output out has what the one before it began with."""
        branch, causes = live.branch, self.runtime.tree.fold_causes
        for base in (branch.base, *(epoch.base for epoch in reversed(branch.past))):
            cause = causes.get(base.id) if base is not None else None
            if cause == COMPACTION:
                return self.runtime.holdings.tokens(branch.head, branch.base)
            if cause is None:
                break
        return 0

    def _summed_up(self, branch: Branch) -> bool:
        """Whether a branch's epoch itself began with a summary."""
        return branch.base is not None and self.runtime.tree.fold_causes.get(branch.base.id) == COMPACTION

    def _window(self, live: Live) -> int:
        return self.runtime.setup_of(live.branch.head).window

    def quoted(self, live: Live) -> Quoted:
        """The price of folding a branch's history now, and were nothing of it held."""
        runtime, head = self.runtime, live.branch.head
        found, prices = quoted(runtime, head, live.branch.accepted, "here", 1), listed(runtime, head)
        answer = Usage(output=SUMMARY_TOKENS)
        warm, cold = found.warm + answer, found.cold + answer
        return Quoted(found.prefix, warm, prices.cost(warm) if prices else None, prices.cost(cold) if prices else None)

    def _readers(self, branch: Branch) -> list[Branch]:
        """The forks at work that read the prefix of a branch's epoch."""
        return [
            child
            for child in self.runtime.tree.children(branch.name)
            if child.status == "running"
            and child.made.purpose in ("fork", "aside")
            and (child.base is None or (branch.tip is not None and branch.tip.extends(child.base)))
        ]

    async def make_room(self, live: Live, coming: int = 0) -> bool:
        """Before a message of `coming` tokens is sealed: fold the history if it is time. Whether a new epoch began.

        A summary that is being written already is waited for, and used.
        """
        decision = self.decision(live, coming)
        self._tell_wait(live, decision)
        if decision.what != "fold":
            return False
        async with self._alone(live):
            decision = self.decision(live, coming)
            return decision.what == "fold" and await self._folded(live, decision)

    async def rescue(self, live: Live) -> bool:
        """The provider says that the context is full: fold the newest ancestor that fits, and carry over the rest.
        Whether a new epoch began."""
        async with self._alone(live):
            return await self._folded(live, Decision("fold", "the provider says that the context is full", beside=True))

    async def _folded(self, live: Live, decision: Decision) -> bool:
        """Fold, alone with the branch, in a turn of its own; whether a new epoch began."""
        if live.branch.accepted is None or live.branch.tip is not live.branch.accepted:
            return False
        try:
            await self._fold(live, decision)
        except CompactionRefused:
            return False
        return True

    def _alone(self, live: Live) -> asyncio.Lock:
        """One summary of a branch is written at a time."""
        return self._locks.setdefault(live.name, asyncio.Lock())

    def ask(self, name: str, *, now: bool = False) -> None:
        """A person wants this branch's history folded; `now`: without waiting for forks that read it."""
        self._asked[name] = now
        if now and self._waiting and self._beside is not None:
            self._beside.cancel()
            self._beside = None

    def turn_ended(self, live: Live) -> None:
        """Fold in the time between two turns, while nobody waits for it."""
        if self._beside is None or self._beside.done():
            self._beside = asyncio.create_task(self._fold_beside(live), name=f"compaction of {live.name}")

    async def _fold_beside(self, live: Live) -> None:
        """Wait for forks where the schedule says so, and fold; where a turn has begun meanwhile, it is left to that."""
        try:
            while (decision := self.decision(live)).what == "wait":
                self._tell_wait(live, decision)
                readers = [self.forks.lives[child.name] for child in self._readers(live.branch)]
                if not any(child.busy for child in readers):
                    return
                await self._wait(readers)
            if decision.what == "fold" and not live.busy:
                async with self._alone(live):
                    await self._fold(live, decision, beside=True)
                if live.branch.tip is not None and not live.busy:
                    await prewarm(self.runtime, live, live.branch.tip)
        except CompactionRefused:
            return
        except Trouble as error:
            self._notice(live, f"the history is not folded: {error}")

    async def _wait(self, readers: Sequence[Live]) -> None:
        self._waiting = True
        try:
            await self.forks.wait(readers)
        finally:
            self._waiting = False

    async def close(self) -> None:
        """Let a summary under way be written, which is paid for the most part; wait for nothing else."""
        beside = self._beside
        if beside is None or beside.done():
            return
        if not self._waiting:
            await asyncio.wait([beside], timeout=_PATIENCE)
        beside.cancel()
        await asyncio.wait([beside])

    async def fold(self, live: Live, decision: Decision) -> Folded:
        """Write a summary, unless there is one of all that must be folded, and begin the next epoch with it.

        Raises CompactionRefused, having said why, with everything as it was.
        """
        async with self._alone(live):
            return await self._fold(live, decision)

    async def _fold(self, live: Live, decision: Decision, *, beside: bool = False) -> Folded:
        """`beside`: no turn of the branch is under way, and none may be when the next epoch begins; forks neither,
        unless nothing is waited for."""
        before, epoch = self.used(live), live.branch.epoch
        made = self._ready(live) or await self._write(live, why=decision.why)
        if live.branch.epoch != epoch or not _of(live.branch, self.runtime.tree.nodes[made.node]):
            raise CompactionRefused("the history is another one by now")
        folded = await beginning(self.runtime, live, made)
        changed = live.branch.tip is not folded.tip or live.branch.tip is not live.branch.accepted
        if changed or (beside and (live.busy or self.decision(live).what == "wait")):
            raise CompactionRefused("the history has grown meanwhile; it is folded before the next message")
        begin_epoch(self.runtime, live, folded)
        self._asked.pop(live.name, None)
        self._refused.pop(live.name, None)
        after = self.used(live)
        self._say(live, "done", f"folded: {before:,} tokens before, {after:,} now ({decision.why})", before, after)
        return folded

    def _ready(self, live: Live) -> SummaryMade | None:
        """A summary that was written for now, and whose rest is short enough to be carried over."""
        made = live.branch.summary
        if made is None or live.branch.tip is None:
            return None
        point = self.runtime.tree.nodes[made.node]
        tokens = self.runtime.holdings.tokens
        head = live.branch.head
        rest = tokens(head, live.branch.tip) - tokens(head, point)
        return made if _of(live.branch, point) and rest <= self.limit(live) // 4 else None

    async def draft(self, live: Live, why: str) -> SummaryMade:
        """Have a summary of the branch's accepted history written, and keep it beside the session for later.

        Raises CompactionRefused, having said why.
        """
        async with self._alone(live):
            return await self._write(live, why=why, draft=True)

    async def _write(self, live: Live, *, why: str, draft: bool = False) -> SummaryMade:
        doing = "a summary for later" if draft else "folding the history"
        self._say(live, "writes", f"{doing}: {why}", self.used(live))
        self._tell_price(live)
        point = self._fitting(live)
        while True:
            try:
                made = await summarised(self.runtime, live, point, self._required(live, point), draft=draft)
                break
            except ProviderError as error:
                point = self._before(point) if error.failure == "context_full" else None
                if point is None:
                    raise self._refuse(live, str(error), draft=draft) from error
            except (Unusable, Exhausted, JournalError, Diverged, IllegalPlan, ReplayFailed) as error:
                raise self._refuse(live, str(error), draft=draft) from error
        if draft:
            self._say(live, "written", "a summary is kept for later; it replaces nothing", self.used(live))
        return made

    def _tell_price(self, live: Live) -> None:
        found = self.quoted(live)
        self.runtime.emit(
            Priced(
                branch=live.name,
                at=self.runtime.clock(),
                what="compaction",
                start="here",
                children=1,
                prefix=found.prefix,
                usage=found.usage,
                usd=found.usd,
                usd_cold=found.usd_cold,
            )
        )

    def _refuse(self, live: Live, why: str, *, draft: bool = False) -> CompactionRefused:
        used = self.used(live)
        if not draft:
            self._refused[live.name] = used
            self._asked.pop(live.name, None)
        self._say(live, "refused", f"the history is not folded: {why}", used)
        return CompactionRefused(f"the history is not folded: {why}")

    def _fitting(self, live: Live) -> Node:
        """The newest accepted node under which the request for a summary fits into the window."""
        node, room = live.branch.accepted, ceiling(self._window(live))
        if node is None:
            raise self._refuse(live, "there is nothing to fold yet")
        used = self.used(live)
        return node if used <= room else self._before(node, room / used) or node

    def _before(self, node: Node, part: float = 1.0) -> Node | None:
        """The newest reply before `node` with so large a part of its bytes, and some less, so that few tries reach
        far: bytes are known at once, tokens are not."""
        most = _STEP * part * node.size
        replies = (each for each in node.ancestors() if each is not node and each.role == "assistant")
        return next((reply for reply in replies if reply.size <= most), None)

    def _required(self, live: Live, point: Node) -> tuple[str, ...]:
        """What the summary must name: of what was said in this epoch, of the summary it began with, and of forks."""
        tree, branch = self.runtime.tree, live.branch
        awaited = [*branch.pending, *(child.name for child in self._readers(branch))]
        tasks = [tree.branches[name].made.task or "" for name in dict.fromkeys(awaited)]
        waiting = [" ".join(task.split())[:200] for task in tasks]
        return required(person_said(tree, point), summary_before(point), [task for task in waiting if task])

    def _tell_wait(self, live: Live, decision: Decision) -> None:
        """Say once what is waited for."""
        if decision.what == "wait" and self._told.get(live.name) != decision.why:
            self._say(live, "waits", decision.why, self.used(live))
        self._told[live.name] = decision.why if decision.what == "wait" else ""

    def _say(self, live: Live, phase: CompactionPhase, text: str, before: int, after: int = 0) -> None:
        now = self.runtime.clock()
        self.runtime.emit(Compacted(branch=live.name, at=now, text=text, phase=phase, before=before, after=after))

    def _notice(self, live: Live, text: str) -> None:
        self.runtime.emit(Notice(branch=live.name, at=self.runtime.clock(), text=text))


def _of(branch: Branch, point: Node) -> bool:
    """Whether a node is on a branch's history."""
    return branch.tip is not None and branch.tip.extends(point)
