"""Siblings held behind a leader: who waits when, for how long, and who leads when the leader fails."""

import asyncio

import pytest

from omg.agent.fanout import Convoy, Settling, holding_pays
from omg.cache.mirror import Mirror
from omg.core.usage import Usage
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


def test_holding_pays_where_it_saves_more_than_it_must():
    case = {"siblings": 3, "tail": 10_000, "write_over_read": 1e-6, "hold_usd": 0.0}
    assert holding_pays(**case)
    assert holding_pays(**{**case, "hold_usd": 0.0199})
    assert not holding_pays(**{**case, "hold_usd": 0.0201})
    assert not holding_pays(**{**case, "siblings": 1})
    assert not holding_pays(**{**case, "tail": 63})
    assert holding_pays(**{**case, "tail": 64})
    assert holding_pays(**{**case, "write_over_read": None})
    assert not holding_pays(**{**case, "write_over_read": None, "hold_usd": 1.0})


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
