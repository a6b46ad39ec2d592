"""What is seen at a glance is what the ledger and the provider say, at every event of a session."""

import asyncio
import random
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omg.agent.runtime import Limits
from omg.core.amounts import money, ratio
from omg.core.events import Event
from omg.core.trouble import Trouble
from omg.core.usage import Usage
from omg.session import accounts
from omg.session.commands import run_command
from omg.session.glance import Glance
from omg.session.questions import Questions
from omg.session.telling import going_cold
from omg.workspace import git
from tests.property.test_sessions import Session
from tests.scripted import Says, lines, stage, until


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
    assert forks.keys() == {name for name, each in tree.branches.items() if each.made.purpose in ("fork", "aside")}
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


async def test_what_a_miss_has_cost_is_its_tokens_at_the_price_of_writing_less_reading(tmp_path):
    on = stage(
        tmp_path,
        lines(
            first=Says("one", usage=Usage(write_5m=60_000, output=5)),
            second=Says("two", usage=Usage(read=2_000, write_5m=59_000, plain=500, output=5)),
        ),
        setup={"minimum": 500},
    )
    conversation = on.open()
    await conversation.say("first")
    await conversation.say("second")
    (miss,) = Glance(conversation).misses()
    rates = conversation.tree.prices.price(conversation.model, "https://api.anthropic.com").base
    assert (miss.n, miss.branch, miss.cause) == (2, "main", "unexplained")
    assert miss.lost == 58_000
    assert miss.usd == pytest.approx(58_000 * (rates.write_5m - rates.read) / 1e6)
    await conversation.close()
    again = on.again()
    assert Glance(again).misses() == [miss]
    await again.close()


async def test_the_context_is_told_by_class_and_shared_up_to_the_newest_fork(tmp_path):
    on = stage(tmp_path, lines(look=Says("", (("hold", {"name": "x"}),))))
    conversation = on.open()
    glance = Glance(conversation)
    assert glance.context().used == 0 and glance.context().free == 200_000
    await conversation.say("words " * 400)
    before = glance.context()
    assert before.shared == 0 and before.head > 0 and before.used == conversation.context_used()
    conversation.agent.fork(["look"])
    await until(lambda: on.hold.begun)
    main, fork = glance.context(), glance.context("a")
    assert main.shared > 0 and main.own <= 2
    point = conversation.tree.branches["a"].base
    assert point is not None and fork.shared == conversation.tokens_at(point) - fork.head and fork.own > 0
    assert main.head + main.shared + main.own == main.used == conversation.context_used()
    on.hold.gate("x").set()
    await conversation.close()


async def test_questions_and_what_forks_do_are_seen(tmp_path):
    questions = Questions(lambda: None, lambda rule: None)
    on = stage(
        tmp_path, lines(look=Says("", (("hold", {"name": "x"}),)), run=Says("", (("shell", {"command": "make"}),)))
    )
    on.asker = questions
    conversation = on.open()
    glance = Glance(conversation)
    conversation.agent.fork(["look", "run it"])
    await until(lambda: on.hold.begun and questions.waiting)
    look, run = glance.forks()
    assert (look.doing, look.question) == ("hold x", "")
    assert run.question == "shell make"
    assert (glance.status().running, glance.status().asking) == (2, 1)
    on.hold.gate("x").set()
    await until(lambda: glance.fork("a").pending)
    assert glance.fork("a").status == "done" and glance.status().ready == 1
    await conversation.close()


async def test_a_fork_without_a_place_waits_for_one(tmp_path):
    on = stage(tmp_path, lines(look=Says("", (("hold", {"name": "x"}),))), limits=Limits(width=1))
    conversation = on.open()
    conversation.agent.fork(["look", "look too"])
    await until(lambda: on.hold.begun)
    assert [fork.doing for fork in Glance(conversation).forks()] == ["hold x", "waits for a place"]
    on.hold.gate("x").set()
    await conversation.close()


async def test_the_cache_command_says_the_same_words(tmp_path):
    on = stage(tmp_path, lines(first=Says("one", usage=Usage(write_5m=60_000, output=5))), setup={"minimum": 500})
    conversation = on.open()
    await conversation.say("first")
    glance, text = Glance(conversation), (await run_command(conversation, "/cache")).text
    held = glance.held()
    assert held is not None and held.expires is not None
    assert going_cold(held, glance.now) in text
    assert glance.compaction() == "next compaction at 160k" and glance.compaction() in text
    await conversation.close()


async def test_the_cache_command_begins_with_the_sums_and_tells_all_of_one_request(tmp_path):
    """In no more columns than a small screen has; /cache all is the whole table."""
    usages = [Usage(plain=3, write_1h=60_000, output=5)] + [Usage(plain=2, read=60_000, write_1h=90, output=7)] * 17
    usages.append(Usage(plain=2, write_1h=61_600, output=7))  # a miss
    script = lines(**{f"w{n:02}": Says("ok", usage=usage) for n, usage in enumerate(usages)})
    conversation = stage(tmp_path, script, setup={"minimum": 500}).open()
    for n in range(len(usages)):
        await conversation.say(f"w{n:02}")
    done = await run_command(conversation, "/cache")
    text = done.text
    assert done.fit is not None and done.fit(77) == text
    for columns in (60, 45):
        narrow = [line for line in done.fit(columns).splitlines() if "  " in line]
        assert max(map(len, narrow)) <= columns
        assert "cost" in narrow[0] and "saved" in narrow[0] and "cost" in next(line for line in narrow if " n " in line)
    header, whole, main, *_ = text.splitlines()
    assert header.split()[:3] == ["branch", "sent", "read"]
    figures = conversation.figures()
    assert whole.split()[:2] == ["all", "19"] and ratio(figures.usage) in whole and money(figures.cost_usd) in whole
    assert main.split()[:2] == ["main", "19"]
    assert max(len(line) for line in text.splitlines() if "  " in line) <= 77
    assert "4 requests before these: /cache all" in text and "request 19 missed: " in text
    assert len((await run_command(conversation, "/cache all")).text.splitlines()) > 19
    one = (await run_command(conversation, "/cache 19")).text
    assert "request 19 of main, turn\nsent: " in one and "billed:   read 0, written 0 (5 min) and 61600 (1 h)" in one
    assert max(map(len, one.splitlines()[:5])) <= 77
    assert "foretold: read 6" in one and "request 19 missed: " in one
    assert "nothing that was foretold was missed" in (await run_command(conversation, "/cache 2")).text
    for wrong in ("0", "20", "x", "-1"):
        with pytest.raises(Trouble, match="no request"):
            await run_command(conversation, f"/cache {wrong}")
    await conversation.close()


async def test_the_warm_clock_is_that_of_the_entry_that_holds_nearly_all(tmp_path):
    """An hour for what main wrote; a fork's small tail of five minutes behind it does not make it a matter of five."""
    now = [1_000_000.0]
    on = stage(
        tmp_path,
        lines(
            first=Says("one", usage=Usage(plain=2, write_1h=60_000, output=5)),
            look=Says("", (("hold", {"name": "x"}),), usage=Usage(plain=2, read=60_000, write_5m=400, output=5)),
        ),
        setup={"minimum": 500},
    )
    conversation = on.open()
    runtime = conversation.agent.runtime
    runtime.clock, runtime.habits = lambda: now[0], replace(runtime.habits, typed=True)
    glance = Glance(conversation)
    assert glance.held() is None
    await conversation.say("first " + "word " * 3_000)
    main = glance.held()
    assert main is not None and main.ttl == "1h" and main.left(now[0]) == 3600
    now[0] += 100
    conversation.agent.fork(["look"])
    await until(lambda: on.hold.begun)
    fork = glance.held("a")
    assert fork is not None and fork.ttl == "1h" and fork.left(now[0]) == 3600, "the fork has read it, so it lives on"
    assert glance.held() is not None and glance.held().left(now[0]) == 3600
    assert fork.rewrite_usd is not None and main.rewrite_usd is not None and main.rewrite_usd > 0
    now[0] += 3601
    cold = glance.held()
    assert cold is not None and cold.expires is None and cold.left(now[0]) == 0 and cold.rewrite_usd is not None
    on.hold.gate("x").set()
    await conversation.close()
