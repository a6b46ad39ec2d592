"""Forks: children of a branch at a node, each with one small instruction, working beside it."""

from __future__ import annotations

import asyncio
import string
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial

from omg.agent.alerts import MANY, Alert, late_alert, low_alert, siblings
from omg.agent.budget import Exhausted
from omg.agent.compose import Draft, first_of_fork, last_reply, report, shared_spot
from omg.agent.departing import alike, departure, write_ahead
from omg.agent.dispatch import Reports
from omg.agent.exchange import take_back
from omg.agent.facts import Telling, untold
from omg.agent.fanout import Convoy, Places, Settling
from omg.agent.journal import BranchEnded, BranchMade, BranchWoken, NodeSealed
from omg.agent.live import Live
from omg.agent.runtime import Runtime
from omg.agent.spending import agreed, quoted, quotes, tell
from omg.agent.state import Branch
from omg.agent.turn import Outcome
from omg.cache.fan import Departure
from omg.core.events import Forked, ForkStatus, Joined, Notice, Purpose
from omg.core.tool import ToolError
from omg.core.trouble import Trouble
from omg.core.usage import Usage
from omg.wire.chain import Node
from omg.wire.head import Head
from omg.wire.request import Body
from omg.workspace.files import BranchFiles

Work = Callable[[Live, Sequence[str] | None], Awaitable[Outcome]]
"""Runs a turn of a branch: with words, or (None) on the message that is sealed already."""


class ForkRefused(Trouble):
    """A fork that the limits or the state forbid, in words for whoever asked."""


@dataclass(slots=True)
class Forks:
    """Every fork of a session: makes them, starts them, and waits for them."""

    runtime: Runtime
    work: Work
    lives: dict[str, Live]
    places: Places
    settling: Settling = field(default_factory=Settling)
    waiting: dict[tuple[str, str], Convoy] = field(default_factory=dict[tuple[str, str], Convoy])
    """By what they begin with: forks whose leader has not begun, so that later ones wait with them."""
    alerted: set[tuple[str | None, str]] = field(default_factory=set[tuple[str | None, str]])
    """The fan-outs that something was said of."""

    def spawn(
        self,
        parent: Live,
        tasks: Sequence[str],
        *,
        group: str,
        purpose: Purpose = "fork",
        node: Node | None = None,
        head: Head | None = None,
        budget: float | None = None,
    ) -> list[Live]:
        """Fork `parent` once for each task, at `node` or its newest sealed node, and start the children. `head` is the
        one that `node` was sent with, where that is not the parent's.

        `budget` is what they may cost together, in dollars, in even parts; it is set aside from the parent's, and what
        is left of a part goes back when its fork ends. None: they draw on the parent's.
        O(1) for each: no message is copied, and all are put on record in one write. Raises ForkRefused, JournalError.
        """
        base = parent.branch.tip if node is None and head is None else node
        head = head or parent.branch.head
        self._check(parent, tasks)
        share = self._share(parent, budget, len(tasks))
        drafts = self._drafts(parent, base, tasks, purpose, share)
        going = departure(self.runtime, head, base, drafts[0], len(tasks))
        tell(self.runtime, parent.name, purpose, quoted(self.runtime, head, base, "here", len(tasks)), going)
        children = self._make(parent, base, head, tasks, drafts, group, purpose, share)
        convoy = self._joined(parent, head, base, drafts[0], going)
        for child in children:
            self._start(child, None, convoy)
        return children

    def departure(self, parent: Live, tasks: Sequence[str], node: Node | None, head: Head | None = None) -> Departure:
        """How forks for these tasks would go now, and why."""
        base = parent.branch.tip if node is None and head is None else node
        drafts = self._drafts(parent, base, tasks, "fork", None)
        return departure(self.runtime, head or parent.branch.head, base, drafts[0], len(tasks))

    def _drafts(
        self, parent: Live, base: Node | None, tasks: Sequence[str], purpose: Purpose, share: float | None
    ) -> list[Draft]:
        """The first message of each child."""
        facts, own = self._facts(parent, base), self._own(share)
        return [first_of_fork(base, self.runtime.catalog, task, facts, _prompt(purpose), own) for task in tasks]

    def _facts(self, parent: Live, base: Node | None) -> Telling:
        """What forks must be told of the place they work in: all where nothing was said yet, what is new where the
        history comes from another session. Else their history has told it."""
        elsewhere = self.runtime.tree.session.parent is not None and not self.runtime.tree.requests
        told = {} if base is None else parent.branch.told
        return untold(self.runtime.facts(), told) if base is None or elsewhere else Telling()

    def _check(self, parent: Live, tasks: Sequence[str]) -> None:
        if not tasks or not all(task.strip() for task in tasks):
            raise ForkRefused("a fork needs a task in words")
        depth, most = parent.branch.made.depth + 1, self.runtime.limits.depth
        if depth > most:
            raise ForkRefused(f"forks may nest {most} deep, and this would be level {depth}: do the work here instead")

    def _share(self, parent: Live, budget: float | None, children: int) -> float | None:
        """What each of a parent's new children may cost. Raises ForkRefused where the parent has not that much left."""
        if budget is None:
            return None
        try:
            self.runtime.budgets.set_aside(parent.name, budget)
        except Exhausted as error:
            raise ForkRefused(str(error)) from error
        return budget / children

    def _own(self, share: float | None) -> list[str]:
        """What a fork with a budget is told of it."""
        return [self.runtime.catalog.say("budget", usd=f"{share:.4g}")] if share else []

    def _make(
        self,
        parent: Live,
        base: Node | None,
        head: Head,
        tasks: Sequence[str],
        drafts: Sequence[Draft],
        group: str,
        purpose: Purpose,
        share: float | None,
    ) -> list[Live]:
        now, names = self.runtime.clock(), self._names(parent, purpose)
        made = [
            BranchMade(
                at=now,
                name=next(names),
                head=head.id,
                node=base.id if base else None,
                parent=parent.name,
                task=task,
                group=group,
                place=place,
                depth=parent.branch.made.depth + 1,
                purpose=purpose,
                budget=share,
            )
            for place, task in enumerate(tasks)
        ]
        nodes = [Node(base, draft.seal()) for draft in drafts]
        sealed = [
            NodeSealed(at=now, branch=branch.name, node=node, told=draft.told, words=draft.words)
            for branch, node, draft in zip(made, nodes, drafts, strict=True)
        ]
        self.runtime.record(*(record for pair in zip(made, sealed, strict=True) for record in pair))
        for branch in made:
            self.runtime.emit(Forked(branch=parent.name, at=now, child=branch.name, task=branch.task or ""))
        return [self._live(parent, branch.name) for branch in made]

    def _live(self, parent: Live, name: str) -> Live:
        branch = self.runtime.tree.branches[name]
        shared = shared_spot(self.runtime.tree, branch)
        files = BranchFiles(self.runtime.folder, dict(branch.seen))
        live = self.lives[name] = Live(branch, files, last=_extended(parent.last, branch), shared=shared)
        return live

    def _names(self, parent: Live, purpose: Purpose) -> Iterator[str]:
        """Names for new children: a, b, … for main's, a.a, a.b, … for a's; btw1, … for questions aside."""
        taken = self.runtime.tree.branches
        prefix = "" if parent.branch.made.parent is None else f"{parent.name}."
        endless = (f"btw{n}" for n in _count()) if purpose == "aside" else (prefix + _letters(n) for n in _count(0))
        return (name for name in endless if name not in taken)

    def _joined(self, parent: Live, head: Head, base: Node | None, draft: Draft, going: Departure) -> Convoy | None:
        """What holds these forks: those that were forked a moment ago and begin alike, while their leader has not
        begun and one more pays to wait for it; else a convoy of their own. None: all go at once."""
        self.waiting = {name: convoy for name, convoy in self.waiting.items() if not convoy.opened}
        name = alike(head, base, draft) if self.waiting or going.way != "at once" else None
        waiting = self.waiting.get(name) if name else None
        if waiting is not None and departure(self.runtime, head, base, draft, 2).way != "at once":
            return waiting
        convoy = self._convoy(parent, head, base, draft, going)
        if name is not None and convoy is not None:
            self.waiting[name] = convoy
        return convoy

    def _convoy(self, parent: Live, head: Head, base: Node | None, draft: Draft, going: Departure) -> Convoy | None:
        """What holds siblings back; None: all go at once. What is no part of the parent's own history is not written
        ahead in its name: one of the siblings leads there."""
        if going.way == "at once":
            return None
        self.settling.known(self.runtime.setup_of(head).settle_seconds)
        branch = parent.branch
        own = head is branch.head and (base is branch.tip or (branch.tip is not None and branch.tip.extends(base)))
        ahead = partial(write_ahead, self.runtime, parent, base, draft) if own and going.way == "pre-warm" else None
        return Convoy(self.settling, ahead=ahead)

    def _start(self, child: Live, words: Sequence[str] | None, convoy: Convoy | None = None) -> None:
        child.task = asyncio.create_task(self._run(child, words, convoy), name=f"fork {child.name}")
        child.task.add_done_callback(lambda task: self._cancelled(child) if task.cancelled() else None)

    def _cancelled(self, child: Live) -> None:
        """It was stopped before its first step: once it has begun, it answers for itself."""
        self._ended(child, Outcome("interrupted"))

    async def _run(self, child: Live, words: Sequence[str] | None, convoy: Convoy | None) -> None:
        """A child's life, from its start to its report."""
        outcome = Outcome("interrupted")
        led = False
        try:
            async with self.places.taken() as child.place:
                if convoy is not None:
                    led = await convoy.wait()
                    child.leads = led and not await convoy.written_ahead()
                if words is None:
                    self._alert(child, late_alert(self.runtime.tree, child.branch, self.runtime.clock()))
                    child.began = partial(self._began, child, convoy)
                outcome = await self.work(child, words)
        except asyncio.CancelledError:
            outcome = Outcome("interrupted")
        except Exception as error:  # noqa: BLE001 - the border of a fork's life: a bug is its failure, and harms nobody
            outcome = Outcome("error", f"{type(error).__name__}: {error}")
        finally:
            if convoy is not None and led:
                convoy.leader_left()
            self._ended(child, outcome)

    def _began(self, child: Live, convoy: Convoy | None, usage: Usage) -> None:
        """A child's first reply has begun: others may have waited for it, and with the last of them it can be told how
        the fan-out went."""
        if convoy is not None:
            convoy.began(usage)
        tree = self.runtime.tree
        group = siblings(tree, child.branch)
        if len(group) >= MANY and all(each.last_request is not None or each.status != "running" for each in group):
            self._alert(child, low_alert(tree, group))

    def _alert(self, child: Live, alert: Alert | None) -> None:
        """Tell it, once for all that were forked together."""
        made = child.branch.made
        if alert is not None and (made.parent, made.group) not in self.alerted:
            self.alerted.add((made.parent, made.group))
            self.runtime.emit(Notice(branch=alert.branch, at=alert.at, text=alert.text))

    def _ended(self, child: Live, outcome: Outcome) -> None:
        status, error = _status(outcome)
        text = "\n\n".join(part for part in (last_reply(child.branch), "".join(child.streaming)) if part)
        now, parent = self.runtime.clock(), child.branch.made.parent or "main"
        ended = BranchEnded(at=now, branch=child.name, status=status, text=text, error=error)
        self.runtime.record_anyway(ended)
        if (
            child.branch.accepted is child.branch.base and child.branch.epoch == 1
        ):  # stopped before it was sent: woken, it begins anew
            take_back(self.runtime, child)
            child.draft = None
        self.runtime.emit(Joined(branch=parent, at=now, child=child.name, status=status, text=text))
        child.rest()

    async def agree(self, parent: Live, tasks: Sequence[str], node: Node | None, head: Head | None = None) -> None:
        """Ask a person where the price is above what goes unasked. Raises ForkRefused on a no."""
        found = quoted(self.runtime, head or parent.branch.head, node, "here", max(1, len(tasks)))
        usd, starts = found.usd_warm, quotes(self.runtime, parent, max(1, len(tasks)))
        if not await agreed(self.runtime, parent.name, f"fork {len(tasks)} from {found.prefix} tokens", usd, starts):
            raise ForkRefused(f"the person does not want to spend ${usd:.2f} on these forks: do with fewer, or none")

    async def call(self, parent: Live, call_id: str, tasks: Sequence[str]) -> Reports:
        """The model's own fork: spawn, wait, and give the reports in task order. Raises ToolError.

        When the wait is cancelled the children work on, and their reports join later.
        """
        try:
            await self.agree(parent, tasks, parent.branch.tip)
            children = self.spawn(parent, tasks, group=call_id)
        except ForkRefused as error:
            raise ToolError(str(error)) from error
        async with parent.place.given_up() if parent.place else nullcontext():
            await self.wait(children)
        texts = [report(child.branch, self.runtime.catalog) for child in children]
        return Reports("\n\n".join(texts), tuple(child.name for child in children))

    async def wait(self, children: Sequence[Live]) -> None:
        """Return when all of `children` have ended; being cancelled does not touch them."""
        tasks = [child.task for child in children if child.task is not None]
        if tasks:
            await asyncio.wait(tasks)

    def wake(self, child: Live, words: str) -> None:
        """Let a finished fork work again, on `words`. Raises ForkRefused while it works."""
        if child.busy:
            raise ForkRefused(f"{child.name} is at work: steer it instead")
        branch, main = child.branch, self.runtime.tree.branches["main"]
        if branch.head.endpoint != main.head.endpoint:
            raise ForkRefused(f"{child.name} worked at {branch.head.endpoint}, and this session is elsewhere now")
        self.runtime.record(BranchWoken(at=self.runtime.clock(), branch=child.name))
        if branch.tip is not branch.base or branch.epoch > 1:  # a history that was folded is its own as well
            return self._start(child, [words])
        facts = self._facts(child, branch.base)
        task = f"{branch.made.task}\n\n{words}"
        own = self._own(branch.budget)
        draft = first_of_fork(branch.base, self.runtime.catalog, task, facts, _prompt(child.purpose), own)
        node = Node(branch.base, draft.seal())
        self.runtime.record(
            NodeSealed(at=self.runtime.clock(), branch=child.name, node=node, told=draft.told, words=draft.words)
        )
        return self._start(child, None)

    async def stop(self, child: Live) -> None:
        """Stop a fork and its own forks, and wait until they have reported what they had."""
        line = [live for live in self.lives.values() if self._descends(live, child.name)]
        tasks = [live.task for live in line if live.task is not None and live.busy]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _descends(self, live: Live, name: str) -> bool:
        branch: str | None = live.name
        while branch is not None and branch != name:
            branch = self.runtime.tree.branches[branch].made.parent
        return branch == name


def _extended(last: Body | None, branch: Branch) -> Body | None:
    """What its parent has sent last, where a new fork's first request begins with it; None: that is looked for."""
    if last is None or last.head is not branch.head:
        return None
    base = branch.base
    return last if last.tip.extends(base) or (base is not None and base.extends(last.tip)) else None


def _prompt(purpose: Purpose) -> str:
    """The instruction that a fork of this purpose begins with."""
    return "aside" if purpose == "aside" else "fork"


def _status(outcome: Outcome) -> tuple[ForkStatus, str | None]:
    if outcome.stop == "end_turn":
        return "done", None
    if outcome.stop in ("interrupted", "budget"):
        return "stopped", outcome.error
    return "failed", outcome.error or f"ended early: {outcome.stop}"


def _count(start: int = 1) -> Iterator[int]:
    while True:
        yield start
        start += 1


def _letters(n: int) -> str:
    """a … z, aa, ab, … for 0, 1, …"""
    text = ""
    n += 1
    while n:
        n, digit = divmod(n - 1, 26)
        text = string.ascii_lowercase[digit] + text
    return text
