"""Siblings held behind a leader: who waits when, for how long, and who leads when the leader fails."""

import asyncio

import pytest

from omg.agent.fanout import Convoy, Settling
from omg.agent.forks import Forks
from omg.cache.mirror import Mirror
from omg.core.events import CacheMissed, Notice, Priced
from omg.core.usage import Usage
from omg.session import accounts
from omg.session.commands import run_command
from omg.session.verify import verify
from tests.scripted import Says, failure, lines, stage, until

LONG = "a long story " * 400


def cold(tmp_path, script, **values):
    """A session whose prefix is long enough to be worth waiting for, and was never marked before."""
    values["setup"] = {"minimum": 512, **values.get("setup", {})}
    values["setup"] = {"minimum": 512, **values.get("setup", {})}
    on = stage(tmp_path, lambda sent: Says(LONG) if sent.words == "first" else script(sent), **values)
    on.provider.mirror = Mirror()
    return on


async def test_followers_wait_until_the_reply_of_the_leader_begins_and_no_longer(tmp_path):
    gates = {name: asyncio.Event() for name in ("task_one", "task_two", "task_three")}
    script = lines(**{name: Says("x", before=gate) for name, gate in gates.items()})
    on = cold(tmp_path, script)
    conversation = on.open()
    await conversation.say("first")
    children = conversation.agent.fork(list(gates))
    await until(lambda: len(on.provider.sent) == 2)
    await asyncio.sleep(0.02)
    assert [sent.words for sent in on.provider.sent[1:]] == ["task_one"]
    gates["task_one"].set()
    await until(lambda: len(on.provider.sent) == 4)
    for gate in gates.values():
        gate.set()
    await conversation.agent.forks.wait(children)


@pytest.mark.parametrize("how", ["fails", "is stopped"])
async def test_the_next_one_leads_when_the_leader_leaves(tmp_path, how):
    gate, never = asyncio.Event(), asyncio.Event()
    leader = Says(refused=failure("refused"), before=gate) if how == "fails" else Says(before=never)
    second = asyncio.Event()
    on = cold(tmp_path, lines(task_one=leader, task_two=Says("two", before=second), task_three=Says("three")))
    conversation = on.open()
    await conversation.say("first")
    children = conversation.agent.fork(["task_one", "task_two", "task_three"])
    await until(lambda: len(on.provider.sent) == 2)
    if how == "fails":
        gate.set()
    else:
        await conversation.agent.stop("a")
    await until(lambda: len(on.provider.sent) == 3)
    await asyncio.sleep(0.02)
    assert [sent.words for sent in on.provider.sent[1:]] == ["task_one", "task_two"]
    second.set()
    await conversation.agent.forks.wait(children)
    assert [conversation.tree.branches[name].status for name in "bc"] == ["done", "done"]


async def test_nobody_waits_where_the_tail_is_warm(tmp_path):
    never = asyncio.Event()
    on = cold(tmp_path, lambda sent: Says(before=never))
    conversation = on.open()
    await conversation.say("first")
    conversation.agent.runtime.provider.script = lines(
        again=Says("yes", usage=Usage(write_5m=9000)), task=Says(before=never)
    )
    await conversation.say("again")
    conversation.agent.fork(["task 1", "task 2", "task 3"])
    await until(lambda: len(on.provider.sent) == 5)
    await conversation.close()


async def test_nobody_waits_where_what_is_shared_is_under_the_minimum(tmp_path):
    never = asyncio.Event()
    on = stage(tmp_path, lines(task=Says(before=never)), setup={"minimum": 8192})
    conversation = on.open()
    await conversation.say("first")
    conversation.agent.fork(["task 1", "task 2"])
    await until(lambda: len(on.provider.sent) == 3)
    await conversation.close()


async def test_nobody_waits_where_the_endpoint_has_no_cache_to_share(tmp_path):
    on = cold(tmp_path, lambda sent: Says(before=asyncio.Event()), setup={"shares_cache": False})
    conversation = on.open()
    await conversation.say("first")
    conversation.agent.fork(["task 1", "task 2"])
    await until(lambda: len(on.provider.sent) == 3)
    await conversation.close()


async def test_after_the_time_limit_all_go(tmp_path):
    convoy = Convoy(Settling(), limit=0.01)
    assert await convoy.wait()
    late = asyncio.Event()

    async def later():
        await late.wait()
        return await convoy.wait()

    waiting = [asyncio.ensure_future(convoy.wait()) for _ in range(3)]
    straggler = asyncio.ensure_future(later())
    assert await asyncio.wait_for(asyncio.gather(*waiting), 1) == [False, False, False]
    late.set()
    assert await asyncio.wait_for(straggler, 1) is False


async def test_when_one_has_waited_long_enough_nobody_waits_on():
    convoy = Convoy(Settling(), limit=0.05)
    assert await convoy.wait()
    first = asyncio.ensure_future(convoy.wait())
    await asyncio.sleep(0)
    convoy.limit = 60.0
    second = asyncio.ensure_future(convoy.wait())
    assert await asyncio.wait_for(asyncio.gather(first, second), 2) == [False, False]
    convoy.leader_left()


async def test_a_follower_that_came_too_early_teaches_the_next_ones_to_wait():
    settling = Settling()
    for _ in range(8):
        convoy = Convoy(settling)
        convoy.began(Usage(read=100, write_5m=5000))
        convoy.began(Usage(read=100, write_5m=5000))
    assert settling.seconds == 4.0
    settled = Settling()
    convoy = Convoy(settled)
    convoy.began(Usage(read=100, write_5m=5000))
    convoy.began(Usage(read=5100))
    assert settled.seconds == 0.0


async def test_a_first_follower_that_came_too_early_costs_a_quarter_of_a_second_from_then_on():
    settling = Settling()
    convoy = Convoy(settling)
    convoy.began(Usage(read=0, write_5m=5000))
    convoy.began(Usage(read=0, write_5m=5000))
    assert settling.seconds == 0.25


async def test_what_a_probe_has_found_is_waited_from_the_first_fork_on(tmp_path):
    on = cold(tmp_path, lines(), setup={"settle_seconds": 0.001})
    conversation = on.open()
    await conversation.say("first")
    children = conversation.agent.fork(["task_one", "task_two"])
    await conversation.agent.forks.wait(children)
    assert conversation.agent.forks.settling.seconds == 0.001


async def test_what_is_learnt_outlives_the_fork_it_was_learnt_from():
    settling = Settling()
    settling.known(1.0)
    settling.not_yet_readable()
    settling.known(1.0)
    assert settling.seconds == 2.0


async def test_the_third_leads_when_two_leaders_fail(tmp_path):
    gone, gate = Says(refused=failure("refused")), asyncio.Event()
    on = cold(tmp_path, lines(task_one=gone, task_two=gone, task_three=Says("3", before=gate), task_four=Says("4")))
    conversation = on.open()
    await conversation.say("first")
    children = conversation.agent.fork(["task_one", "task_two", "task_three", "task_four"])
    await until(lambda: on.provider.of("task_three"))
    await asyncio.sleep(0.02)
    assert not on.provider.of("task_four")
    gate.set()
    await conversation.agent.forks.wait(children)
    assert [child.branch.status for child in children] == ["failed", "failed", "done", "done"]
    wrote = [line.branch for line in accounts.lines(conversation.tree)[1:] if line.usage and line.usage.written > 1000]
    assert wrote == ["c"]


async def test_a_slow_leader_is_not_waited_for_longer_than_the_limit(tmp_path, monkeypatch):
    never = asyncio.Event()
    on = cold(tmp_path, lines(task_one=Says(before=never), task_two=Says("two"), task_three=Says("three")))
    conversation = on.open()
    await conversation.say("first")
    forks, made = conversation.agent.forks, Forks._convoy
    monkeypatch.setattr(Forks, "_convoy", lambda *given: limited(made(*given)))
    children = conversation.agent.fork(["task_one", "task_two", "task_three"])
    await forks.wait(children[1:])
    assert [child.branch.status for child in children] == ["running", "done", "done"]
    await conversation.close()


def limited(convoy: Convoy) -> Convoy:
    convoy.limit = 0.02
    return convoy


PASTED = "task_one " + "a pasted log line " * 900


def paid(conversation):
    return [(line.purpose, line.branch) for line in accounts.lines(conversation.tree)[1:]]


async def test_a_pre_warm_goes_ahead_where_the_first_has_much_of_its_own(tmp_path):
    answer = lines()
    on = cold(
        tmp_path,
        lambda sent: Says("") if sent.request["max_tokens"] == 0 else answer(sent),
        setup={"ping_tokens": 0},
    )
    conversation = on.open()
    await conversation.say("first")
    children = conversation.agent.fork([PASTED, "task_two", "task_three"])
    await conversation.agent.forks.wait(children)
    assert sorted(paid(conversation)) == [("fork", "a"), ("fork", "b"), ("fork", "c"), ("warm_up", "main")]
    assert paid(conversation)[0] == ("warm_up", "main")
    ahead, *forks = accounts.lines(conversation.tree)[1:]
    assert {line.usage.read >= ahead.usage.read + ahead.usage.written for line in forks} == {True}
    assert ahead.usage.written > 1000
    assert on.provider.sent[1].newest[-1]["text"].startswith("<fork>")
    assert on.provider.illegal == [] and on.seen(CacheMissed) == []
    assert verify(conversation.tree).problem is None


async def test_when_the_pre_warm_fails_the_first_leads(tmp_path):
    gate, answer = asyncio.Event(), lines(task_one=Says("one", before=(held := asyncio.Event())))
    down = Says(refused=failure("unavailable", words="overloaded"), before=gate)
    on = cold(
        tmp_path, lambda sent: down if sent.request["max_tokens"] == 0 else answer(sent), setup={"ping_tokens": 0}
    )
    conversation = on.open()
    await conversation.say("first")
    children = conversation.agent.fork([PASTED, "task_two"])
    await until(lambda: len(on.provider.sent) == 2)
    gate.set()
    await until(lambda: len(on.provider.sent) == 3)
    await asyncio.sleep(0.02)
    assert len(on.provider.sent) == 3
    held.set()
    await conversation.agent.forks.wait(children)
    assert [child.branch.status for child in children] == ["done", "done"]
    assert "overloaded" in on.seen(Notice)[0].text


async def test_when_the_one_that_waits_for_the_pre_warm_is_stopped_the_next_one_sees_to_it(tmp_path):
    never, answer = asyncio.Event(), lines()
    waits = [Says("", before=never), Says("")]
    on = cold(
        tmp_path,
        lambda sent: waits.pop(0) if sent.request["max_tokens"] == 0 else answer(sent),
        setup={"ping_tokens": 0},
    )
    conversation = on.open()
    await conversation.say("first")
    children = conversation.agent.fork([PASTED, "task_two", "task_three"])
    await until(lambda: len(on.provider.sent) == 2)
    await conversation.agent.stop("a")
    await conversation.agent.forks.wait(children)
    assert [child.branch.status for child in children] == ["stopped", "done", "done"]
    assert waits == []
    assert verify(conversation.tree).problem is None


@pytest.mark.parametrize(
    ("task", "way", "words"),
    [
        ("task_one", "leader", "one leads, the others follow when its reply begins: nobody holds "),
        (PASTED, "pre-warm", "what they share is written ahead of them: nobody holds "),
    ],
)
async def test_fork_says_how_they_go_and_why(tmp_path, task, way, words):
    on = cold(tmp_path, lines(), setup={"ping_tokens": 0})
    conversation = on.open()
    await conversation.say("first")
    said = (await run_command(conversation, f"/fork {task} | task_two")).text
    assert words in said and "(leader $" in said and ", pre-warm $" in said and ", at once $" in said
    (price,) = on.seen(Priced)
    assert (price.way, price.to_json("s")["way"]) == (way, way)
    assert price.why in said
    await conversation.close()


async def test_of_one_fork_nothing_is_said(tmp_path):
    on = cold(tmp_path, lines())
    conversation = on.open()
    await conversation.say("first")
    assert "\n" not in (await run_command(conversation, "/fork task_one")).text
    assert on.seen(Priced)[0].way == "at once"
    await conversation.close()


async def test_forks_that_follow_a_moment_later_wait_with_those_whose_leader_has_not_begun(tmp_path):
    gate = asyncio.Event()
    on = cold(tmp_path, lines(task_one=Says("x", before=gate)))
    conversation = on.open()
    await conversation.say("first")
    children = conversation.agent.fork(["task_one", "task_two"])
    await until(lambda: len(on.provider.sent) == 2)
    children += conversation.agent.fork(["task_three"]) + conversation.agent.fork(["task_four", "task_five"])
    await asyncio.sleep(0.02)
    assert len(on.provider.sent) == 2
    gate.set()
    await conversation.agent.forks.wait(children)
    written = [used(conversation, child.name).written for child in children]
    assert sum(tokens > 500 for tokens in written) == 1, "what all share is written once"
    assert on.seen(CacheMissed) == []
    assert verify(conversation.tree).problem is None


def used(conversation, name: str) -> Usage:
    request = conversation.tree.requests[conversation.tree.branches[name].last_request]
    return request.settled.usage


async def test_forks_of_another_place_or_task_do_not_wait_for_them(tmp_path):
    never = asyncio.Event()
    on = cold(tmp_path, lines(task_one=Says("x", before=never)))
    conversation = on.open()
    await conversation.say("first")
    conversation.agent.fork(["task_one", "task_six"])
    await until(lambda: len(on.provider.sent) == 2)
    await conversation.say("second")
    children = conversation.agent.fork(["task_two"])
    await conversation.agent.forks.wait(children)
    assert children[0].branch.status == "done"
    await conversation.agent.stop("a")
