"""The agent: one session's branches at work. What front ends call to make things happen."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from omg.agent.compact import Compactor
from omg.agent.compose import shared_spot
from omg.agent.dispatch import Dispatcher
from omg.agent.epoch import go_on_at
from omg.agent.fanout import Places
from omg.agent.forks import ForkRefused, Forks
from omg.agent.journal import AnchorMade, BudgetSet, JournalError, ModeSet, ReportDropped, ReportWanted
from omg.agent.live import Live
from omg.agent.milestones import mode_left, turn_ended
from omg.agent.permit import Mode, Policy, narrower
from omg.agent.room import Room
from omg.agent.runtime import Runtime
from omg.agent.starts import Start
from omg.agent.turn import Outcome, Turn
from omg.core.events import TurnEnded
from omg.core.spoken import Attachment, Spoken, together
from omg.wire.chain import Node
from omg.wire.head import Head
from omg.workspace.files import BranchFiles


class Agent:
    """Main and its forks, over one tree."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.lives: dict[str, Live] = {}
        self.forks = Forks(runtime, self._work, self.lives, Places(runtime.limits.width))
        self.compactor = Compactor(runtime, self.forks)
        self.room = Room(runtime, self.compactor)

    def live(self, name: str) -> Live:
        """The branch `name` at work. Raises KeyError."""
        if name not in self.lives:
            branch = self.runtime.tree.branches[name]
            files = BranchFiles(self.runtime.folder, dict(branch.seen))
            self.lives[name] = Live(branch, files, shared=shared_spot(self.runtime.tree, branch))
        return self.lives[name]

    def policy(self, live: Live) -> Policy:
        """What `live` may do now."""
        rules, branch = self.runtime.rules, live.branch
        child = branch.made.parent is not None
        return Policy(self.mode(live.name), rules.allow, rules.deny, self.runtime.root, child)

    def mode(self, name: str) -> Mode:
        """The mode of a branch: its own, never wider than its parent's."""
        branch = self.runtime.tree.branches[name]
        own = branch.mode or self.runtime.rules.mode
        return narrower(own, self.mode(branch.made.parent)) if branch.made.parent else own

    def set_mode(self, mode: Mode) -> None:
        """Set main's mode from here on."""
        mode_left(self.runtime, self.live("main"), mode, self.mode("main"))
        self.runtime.record(ModeSet(at=self.runtime.clock(), branch="main", mode=mode))

    async def _work(
        self,
        live: Live,
        words: Sequence[str] | None,
        only: str | None = None,
        notes: Sequence[str] = (),
        attachments: Sequence[Attachment] = (),
    ) -> Outcome:
        """Run one turn of `live`, and say that it ended."""
        dispatcher = Dispatcher(self.runtime, live, partial(self.policy, live), self.forks.call)
        turn = Turn(self.runtime, live, dispatcher, self.room)
        said = turn.go_on() if words is None else turn.say(words, only=only, notes=notes, attachments=attachments)
        before = live.branch.accepted
        outcome = await said
        try:
            if live.name == "main" and outcome.stop == "end_turn":
                turn_ended(self.runtime, live, before)
            self.runtime.journal.sync()
        except JournalError as error:
            outcome = Outcome("error", str(error))
        self._tell_end(live, outcome)
        return outcome

    def _tell_end(self, live: Live, outcome: Outcome) -> None:
        """Say how a turn ended; what was said and did not go into it is handed back as a draft."""
        draft, live.draft = live.draft, None
        back = together([*([draft] if draft else []), *live.take_steers()], between="\n")
        self.runtime.emit(
            TurnEnded(
                branch=live.name,
                at=self.runtime.clock(),
                stop=outcome.stop,
                error=outcome.error,
                draft=back.words or None,
                attachments=back.attachments,
            )
        )

    async def say(
        self,
        words: str,
        *,
        branch: str = "main",
        notes: Sequence[str] = (),
        attachments: Sequence[Attachment] = (),
    ) -> Outcome:
        """One turn with a person's words; `notes`, then `attachments`, are blocks before them."""
        return await self._turn(self.live(branch), [words], notes=notes, attachments=attachments)

    async def join(self, child: str | None = None) -> Outcome:
        """One turn of main over its pending reports, or that of one child."""
        main = self.live("main")
        if not main.branch.pending or (child is not None and child not in main.branch.pending):
            raise ForkRefused("there is no report to join" + (f" from {child}" if child else ""))
        return await self._turn(main, [], child)

    async def _turn(
        self,
        live: Live,
        words: Sequence[str],
        only: str | None = None,
        notes: Sequence[str] = (),
        attachments: Sequence[Attachment] = (),
    ) -> Outcome:
        if live.busy:
            raise ForkRefused(f"{live.name} is at work: queue the words, or steer it")
        task = asyncio.create_task(self._work(live, words, only, notes, attachments), name=f"turn of {live.name}")
        live.task = task
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait([task])
            raise
        if not task.cancelled():
            if self.runtime.habits.typed:
                self.compactor.turn_ended(live)
            return task.result()
        # Interrupted before its first step: a turn that has begun answers for itself.
        live.draft = Spoken("\n".join(words), tuple(attachments)) or None
        outcome = Outcome("interrupted")
        self._tell_end(live, outcome)
        return outcome

    def interrupt(self, branch: str = "main") -> bool:
        """Interrupt the turn under way; whether there was one."""
        live = self.lives.get(branch)
        if live is None or not live.busy or live.task is None:
            return False
        live.task.cancel()
        return True

    def steer(self, branch: str, words: str, attachments: Sequence[Attachment] = ()) -> None:
        """Put `words` into the turn under way, after the running tools. Raises ForkRefused where there is none."""
        live = self.live(branch)
        if not live.busy:
            raise ForkRefused(f"{branch} is not at work" + ("" if branch == "main" else f": /wake {branch} WORDS"))
        live.steers.append(Spoken(words, tuple(attachments)))

    def fork(
        self,
        tasks: Sequence[str],
        *,
        parent: str = "main",
        node: Node | None = None,
        head: Head | None = None,
        budget: float | None = None,
    ) -> list[Live]:
        """Fork a branch once for each task and start the children: at its newest node, or at `node` with the head that
        this was sent with. `budget` is in dollars, for all of them together; None: they draw on their parent's. Raises
        ForkRefused."""
        group = f"person {self.runtime.clock():.3f}"
        return self.forks.spawn(self.live(parent), tasks, group=group, node=node, head=head, budget=budget)

    def set_budget(self, usd: float, branch: str = "main") -> None:
        """Let a branch and its forks cost `usd` in all from here on, what they have cost counted; 0: no limit of its
        own. Raises Exhausted where a fork at work is to have more than its parent has left."""
        self.runtime.budgets.raised(branch, usd)
        self.runtime.record(BudgetSet(at=self.runtime.clock(), branch=branch, limit=usd))

    def anchor(self, name: str) -> Node:
        """Mark main's newest accepted node by `name`, to fork from it later. Raises ForkRefused."""
        branch = self.live("main").branch
        if not name.replace("-", "").replace("_", "").isalnum() or name in self.runtime.tree.branches:
            raise ForkRefused(f"{name!r} is no name for an anchor: letters, digits, - and _, and no fork's name")
        if branch.accepted is None:
            raise ForkRefused("there is nothing to anchor yet")
        self.runtime.record(AnchorMade(at=self.runtime.clock(), branch="main", name=name, node=branch.accepted.id))
        self.live("main").shared = shared_spot(self.runtime.tree, branch)
        return branch.accepted

    def aside(self, question: str, start: Start | None = None) -> Live:
        """Ask something in a fork that stays out of the history: of main as it is, or as it was at `start`."""
        node, head = (start.node, start.head) if start is not None else (None, None)
        return self.forks.spawn(self.live("main"), [question], group="aside", purpose="aside", node=node, head=head)[0]

    def want(self, child: str) -> None:
        """Let the answer to a question aside be a report that its parent has yet to read."""
        self.runtime.record(ReportWanted(at=self.runtime.clock(), branch=child))

    def check_start(self, start: Start) -> None:
        """Raise ForkRefused where main cannot go on at `start` now: it works, or the fork whose place that is."""
        if self.live("main").busy:
            raise ForkRefused("main is at work: esc interrupts it, or wait until it is done")
        if start.fork is not None and self.live(start.fork).busy:
            raise ForkRefused(f"{start.fork} is at work: /stop {start.fork}, or wait until it is done")

    def check_endpoint(self, start: Start) -> None:
        """Raise ForkRefused where a fork of `start` would go to another endpoint than what it begins with went to."""
        here = self.live("main").branch.head.endpoint
        if start.head.endpoint != here:
            raise ForkRefused(f"{start.name} was sent to {start.head.endpoint}, and this session is at {here} now")

    def go_on_at(self, start: Start, cause: str) -> None:
        """Let main go on at another place. Raises ForkRefused as `check_start` does."""
        self.check_start(start)
        go_on_at(self.runtime, self.live("main"), start, cause)
        self.runtime.setup = self.runtime.setup_of(self.live("main").branch.head)

    def drop(self, child: str) -> None:
        """Take a pending report off the list: it will not be joined."""
        self.runtime.record(ReportDropped(at=self.runtime.clock(), branch=child))

    def running(self) -> list[Live]:
        """The forks at work."""
        return [live for live in self.lives.values() if live.busy and live.branch.made.parent is not None]

    async def stop(self, child: str) -> None:
        """Stop a fork; it reports what it had."""
        await self.forks.stop(self.live(child))

    def wake(self, child: str, words: str) -> None:
        """Let a finished fork work again. Raises ForkRefused while it works, and for main."""
        if self.runtime.tree.branches[child].made.parent is None:
            raise ForkRefused("main is not a fork")
        self.forks.wake(self.live(child), words)

    async def close(self) -> None:
        """Stop everything; forks report what they had."""
        main = self.lives.get("main")
        if main is not None and main.task is not None and self.interrupt():
            await asyncio.wait([main.task])
        for child in self.running():
            await self.forks.stop(child)
        await self.compactor.close()
        self.runtime.journal.sync()
