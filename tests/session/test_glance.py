"""What is seen at a glance is what the ledger and the provider say, at every event of a session."""

import asyncio
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omg.core.events import Event
from omg.session import accounts
from omg.session.glance import Glance
from omg.workspace import git
from tests.property.test_sessions import Session


def agrees(glance: Glance) -> None:
    """Every figure that is shown, against the ledger summed up anew."""
    tree = glance.conversation.tree
    billed = accounts.lines(tree)
    assert glance.figures() == accounts.sums(billed)
    for name in tree.branches:
        assert glance.figures(name) == accounts.of_branch(billed, name)
    assert glance.requests(20) == billed[-20:]
    assert [miss.n for miss in glance.misses()] == [line.n for line in billed if line.cause]
    assert sum(lost.count for lost in glance.losses()) == len(glance.misses())
    status = glance.status()
    assert status.figures == accounts.sums(billed)
    forks = {fork.name: fork for fork in glance.forks()}
    assert forks.keys() == {name for name, branch in tree.branches.items() if branch.made.parent}
    for name, fork in forks.items():
        assert fork == glance.fork(name)
        assert fork.figures == accounts.of_branch(billed, name)
        assert fork.pending == any(name in branch.pending for branch in tree.branches.values())
    for name in tree.branches:
        context = glance.context(name)
        assert min(context.head, context.shared, context.own, context.free) >= 0
        last = tree.branches[name].last_request
        assert last is None or context.used == glance.conversation.context_used(name)
    assert glance.purse().spent == pytest.approx(accounts.sums(billed).cost_usd or 0.0)


@pytest.mark.parametrize("part", range(2))
@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32 - 1))
def test_at_every_event_of_any_session_it_is_the_ledger(tmp_path_factory, monkeypatch, part, seed):
    monkeypatch.setattr(git, "root", lambda folder: None)
    session = Session(tmp_path_factory.mktemp("session"), seed + (part << 32))
    dice, seen, wrong = random.Random(seed), [0], []

    def watch(conversation) -> None:
        glance = Glance(conversation)

        def heard(event: Event) -> None:
            seen[0] += 1
            if dice.random() < 0.3:
                agrees(glance)

        conversation.hub.listen(heard, wrong.append)
        agrees(glance)

    again = session.on._staged
    session.on._staged = lambda opened: (watch(again(opened)), opened)[1]

    async def live() -> None:
        watch(session.conversation)
        async with asyncio.timeout(60):
            await session.live()
        agrees(Glance(session.conversation))

    asyncio.run(live())
    assert seen[0]
    assert wrong == []
