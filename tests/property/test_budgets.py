"""A budget is never passed by more than the output of the requests in flight, whatever a tree of forks does."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from random import Random

import pytest

from omg.agent.budget import Exhausted
from omg.agent.forks import ForkRefused
from omg.agent.runtime import Limits
from omg.cache.prices import cost
from omg.core.events import Event, Requested
from omg.core.usage import Usage
from omg.provider.protocol import Call, StreamEvent
from omg.session.verify import verify
from tests.purses import Sent, Session
from tests.scripted import Says, Scripted, failure, stage

WIDTH, DEPTH, TREES = 16, 3, 500
EXACT = 1e-6


@dataclass
class Life:
    """One random tree: branches fork, send, fail, are cut, stop and are given other limits, in any order."""

    random: Random
    session: Session = field(default_factory=Session)
    last: dict[str, list[Sent]] = field(default_factory=dict)
    """By branch with a limit: what was in flight below it when the last request was let go."""
    refused: int = 0

    def run(self, steps: int) -> None:
        self.session.limit(self.random.choice([0.02, 0.5, 2.0, 8.0]))
        for _ in range(steps):
            act = self.random.choices([self.send, self.go_on, self.fork, self.stop, self.change], [8, 8, 3, 1, 1])[0]
            act()
            self.check()
        while self.flying:
            self.go_on()
            self.check()
        for name in list(self.session.tree.branches)[1:]:
            self.session.done(name)
        self.check_books()

    @property
    def flying(self) -> list[Sent]:
        return [sent for sent in self.session.sent if sent.under_way]

    @property
    def working(self) -> list[str]:
        branches = self.session.tree.branches.values()
        return [branch.name for branch in branches if branch.status == "running" or branch.name == "main"]

    def send(self) -> None:
        if len(self.flying) >= WIDTH:
            return
        name, thousands = self.random.choice(self.working), self.random.choice([1, 5, 20, 100])
        try:
            self.session.send(name, thousands, thousands * self.random.choice([0.1, 0.6, 1.0]))
        except Exhausted:
            self.refused += 1
            self.check_refusal(name, thousands * 5.0 / 1000)
            return
        for holder in self.above(name):
            self.last[holder] = [sent for sent in self.session.of(holder) if sent.under_way]

    def go_on(self) -> None:
        """Something happens to a request in flight."""
        if not self.flying:
            return
        sent, output = self.random.choice(self.flying), self.random.choice([0, 1, 10, 60])
        if sent.state == "sent":
            # What is billed need not be what was foretold: the provider may have dropped what it held, or some of it.
            part = self.random.choice([0.1, 0.6, 1.0])
            self.session.fail(sent) if self.random.random() < 0.2 else self.session.begin(sent, part)
        elif self.random.random() < 0.2:
            self.session.cut(sent, output / 2)
        else:
            self.session.end(sent, output)

    def fork(self) -> None:
        tree = self.session.tree
        parents = [name for name in self.working if name.count(".") < DEPTH]
        parent, count = self.random.choice(parents), self.random.choice([1, 2, 4])
        share = self.random.choice([None, None, 0.1, 0.6])
        try:
            if share is not None:
                self.session.budgets.set_aside(parent, share * count)
        except Exhausted:
            return
        for _ in range(count):
            name = f"{parent}.{len(tree.branches)}"
            self.session.branch(name, parent, share)

    def stop(self) -> None:
        """A fork ends; what it had in flight is cut."""
        name = self.random.choice(self.working)
        if name != "main":
            for sent in self.flying:
                if sent.branch == name:
                    self.session.cut(sent, 1) if sent.state == "begun" else self.session.fail(sent)
            self.session.done(name)

    def change(self) -> None:
        """A person sets another limit: nothing has been let go under it yet."""
        name, limit = self.random.choice(self.working), self.random.choice([0.1, 1.0, 4.0])
        try:
            self.session.budgets.raised(name, limit)
        except Exhausted:
            return
        before = self.session.tree.branches[name].budget or 0.0
        self.session.limit(limit, name)
        if limit < before or not before:
            self.last.pop(name, None)

    def above(self, name: str) -> list[str]:
        """A branch and all that it draws on."""
        return [holder for holder in self.session.tree.branches if name in self.session.below(holder)]

    def check(self) -> None:
        for holder, flying in self.last.items():
            limit = self.session.tree.branches[holder].budget
            if limit:
                spent = sum(sent.spent for sent in self.session.of(holder))
                assert spent <= limit + sum(sent.output for sent in flying) + EXACT, holder

    def check_refusal(self, name: str, dollars: float) -> None:
        """It was held back for a reason: some purse had not that much left for it."""
        tree = self.session.tree
        for holder in self.above(name):
            if not tree.branches[holder].budget:
                continue
            taken = sum(sent.spent or (sent.input if sent.under_way else 0.0) for sent in self.session.of(holder))
            others = self.session.below(holder) - set(self.above(name))
            kept = sum(tree.branches[other].budget or 0.0 for other in others if other in self.working)
            if taken + kept + dollars > tree.branches[holder].budget - EXACT:
                return
        raise AssertionError(f"{name} was refused {dollars}")

    def check_books(self) -> None:
        """When all have ended nothing is reserved, and every purse says what its requests have cost."""
        for purse in self.session.budgets.purses():
            assert purse.reserved == pytest.approx(0.0, abs=EXACT)
            assert purse.spent == pytest.approx(sum(sent.spent for sent in self.session.of(purse.branch)))


def test_no_purse_is_passed_by_more_than_the_output_in_flight():
    refused = widest = 0
    for seed in range(TREES):
        life = Life(Random(seed))
        life.run(60)
        refused += life.refused
        widest = max(widest, len(life.session.tree.branches))
    assert refused > TREES and widest > WIDTH


# Through the agent, its log and its forks


@dataclass
class Billed(Scripted):
    """Bills the input that was predicted, or all of it anew as if nothing were held, and any output, when it likes:
    replies come in a random order. What is new is a little more or less than was estimated."""

    random: Random = field(default_factory=Random)
    waiting: list[asyncio.Event] = field(default_factory=list)
    runtime: object = None
    evicted: int = 0

    async def stream(self, call: Call) -> AsyncGenerator[StreamEvent, None]:
        async with aclosing(super().stream(call)) as events:
            async for event in events:
                await self._a_while()
                yield event

    async def _a_while(self) -> None:
        gate = asyncio.Event()
        self.waiting.append(gate)
        await gate.wait()

    async def let_go(self) -> None:
        """Let one wait end after the other, in a random order."""
        while True:
            await asyncio.sleep(0)
            if self.waiting and self.random.random() < 0.5:
                self.waiting.pop(self.random.randrange(len(self.waiting))).set()

    def answer(self, sent) -> Says:
        request = next(
            request
            for request in reversed(self.runtime.tree.requests.values())
            if request.logged.hash == hashlib.sha256(sent.body).hexdigest()
        )
        usage = replace(self.billed(request.logged), output=self.random.choice([1, 500, 8000]))
        forks = {"tasks": [f"task {n}" for n in range(self.random.choice([1, 2, 5]))]}
        kind = self.random.choices(["look", "fork", "end", "cut", "fail"], [6, 2, 2, 1, 1])[0]
        match kind:
            case "look":
                return Says("found", calls=(("hold", {"name": "open"}),), usage=usage)
            case "fork":
                return Says(calls=(("fork", forks),), usage=usage)
            case "cut":
                return Says("half", usage=usage, cut=failure("cut", retryable=True))
            case "fail":
                return Says(refused=failure("overloaded", retryable=True))
            case _:
                return Says("all", usage=usage)

    def billed(self, logged) -> Usage:
        predicted = logged.predicted
        more = round(predicted.written * self.random.uniform(-0.1, 0.15))
        if self.random.random() < 0.7:
            return replace(predicted, write_5m=max(0, predicted.write_5m + (more if predicted.write_5m else 0)))
        self.evicted += predicted.read > 0
        total = predicted.input + max(0, more)
        head = min(total, self.runtime.holdings.tokens(self.runtime.tree.heads[logged.head], None))
        hours = any(node is not None and ttl == "1h" for node, _, ttl in logged.marks)
        return Usage(write_1h=total) if hours else Usage(write_1h=head, write_5m=total - head)


@dataclass
class Auditor:
    """Holds every request, when it leaves, against each limit above it."""

    tree: object
    flying: dict[str, list[int]] = field(default_factory=dict)

    def heard(self, event: Event) -> None:
        if isinstance(event, Requested):
            for holder in self.above(event.branch):
                limit = self.tree.branches[holder].budget
                if limit:
                    requests = self.of(holder)
                    taken = sum(self.dollars(request, request.begun is None) for request in requests)
                    assert taken <= limit + EXACT, (holder, taken, limit)
                    self.flying[holder] = [request.logged.n for request in requests if request.settled is None]

    def above(self, name: str | None) -> list[str]:
        found = []
        while name is not None:
            found.append(name)
            name = self.tree.branches[name].made.parent
        return found

    def of(self, holder: str) -> list:
        return [request for request in self.tree.requests.values() if holder in self.above(request.logged.branch)]

    def dollars(self, request, foretold: bool = False) -> float:
        """What a request has cost so far; where nobody has said yet and it is `foretold`, its predicted input."""
        settled, begun = request.settled, request.begun
        usage = settled.usage if settled else begun.usage if begun else request.logged.predicted if foretold else None
        if usage is None:
            return 0.0
        output = usage.output if usage.output is not None else settled.output_seen if settled else 0
        head = self.tree.heads[request.logged.head]
        return cost(replace(usage, output=output), head.model, head.endpoint)

    def check(self) -> None:
        for holder, flying in self.flying.items():
            spent = sum(map(self.dollars, self.of(holder)))
            outputs = sum(self.output(self.tree.requests[n]) for n in flying)
            assert spent <= self.tree.branches[holder].budget + outputs + EXACT

    def output(self, request) -> float:
        """Dollars of its reply alone."""
        usage, head = request.settled.usage, self.tree.heads[request.logged.head]
        if usage is None:
            return 0.0
        output = request.settled.output_seen if usage.output is None else usage.output
        return cost(Usage(output=output), head.model, head.endpoint)


@pytest.mark.parametrize("seed", range(12))
async def test_a_real_tree_of_forks_stops_at_its_budget_and_its_log_is_whole(tmp_path, seed):
    random = Random(seed)
    limits = Limits(width=WIDTH, budget_usd=random.choice([0.3, 0.8, 2.0]))
    on = stage(tmp_path, lambda sent: Says(), limits=limits, setup={"minimum": 512})
    provider = on.provider = Billed(Says, random=random)
    provider.script = provider.answer
    on.hold.gate("open").set()
    conversation = on.open()
    agent, provider.runtime = conversation.agent, conversation.agent.runtime
    auditor, failures = Auditor(conversation.tree), []
    conversation.hub.listen(auditor.heard, failures.append)
    clock = asyncio.create_task(provider.let_go())
    try:
        turn = asyncio.create_task(conversation.say("begin"))
        for share in (None, 0.2):
            await asyncio.sleep(0.01)
            try:
                agent.fork([f"more {n}" for n in range(4)], budget=share)
            except ForkRefused:
                assert share is not None
        if random.random() < 0.5 and agent.running():
            await agent.stop(random.choice(agent.running()).name)
        await turn
        while agent.running():
            await agent.forks.wait(agent.running())
    finally:
        clock.cancel()
    assert failures == []
    auditor.check()
    assert provider.illegal == []
    assert provider.evicted or len(provider.sent) < 5
    assert all(purse.reserved == pytest.approx(0.0, abs=EXACT) for purse in conversation.purses())
    assert verify(conversation.tree).problem is None
    await conversation.close()
