"""A fan-out that goes out late, or reads too little of what its forks share, is told of, and found again in the log."""

import asyncio

import pytest

from omg.agent.runtime import Limits
from omg.cache.mirror import Mirror
from omg.core.events import CacheMissed, Notice
from omg.session.commands import run_command
from omg.session.reports import cache_json
from omg.session.verify import verify
from tests.scripted import Says, lines, stage, until

LONG = "a long story " * 600
TASKS = [f"task_{n}" for n in range(6)]


def over(tmp_path, script=None, **values):
    answer = script or lines()
    values["setup"] = {"minimum": 512, **values.get("setup", {})}
    on = stage(tmp_path, lambda sent: Says(LONG) if sent.words == "first" else answer(sent), **values)
    on.provider.mirror = Mirror()
    return on


def told(on):
    return [event.text for event in on.seen(Notice)]


def logged(conversation):
    return [alert["text"] for alert in cache_json(conversation.tree)["alerts"]]


async def forked(on, tasks=TASKS):
    conversation = on.open()
    await conversation.say("first")
    await conversation.agent.forks.wait(conversation.agent.fork(tasks))
    return conversation


@pytest.mark.parametrize("children", [2, 5, 6])
async def test_a_cold_fan_out_behind_a_leader_raises_nothing(tmp_path, children):
    on = over(tmp_path)
    conversation = await forked(on, TASKS[:children])
    assert told(on) == logged(conversation) == []


async def test_six_forks_that_all_write_are_told_of_once(tmp_path):
    on = over(tmp_path, limits=Limits(hold_usd=100.0))
    on.provider.mirror = None
    bills = on.provider._billed
    on.provider._billed = lambda body: as_written(bills(body))
    conversation = await forked(on)
    (text,) = told(on)
    assert text == "6 forks have read 0% of what they share, of 80% at least"
    assert logged(conversation) == [text]
    assert text in (await run_command(conversation, "/cache")).text
    await conversation.close()
    assert logged(on.again()) == [text]


def as_written(usage):
    return type(usage)(write_5m=usage.plain)


async def test_four_are_too_few_to_tell(tmp_path):
    on = over(tmp_path, limits=Limits(hold_usd=100.0))
    bills = on.provider._billed
    on.provider._billed = lambda body: as_written(bills(body))
    on.provider.mirror = None
    assert logged(await forked(on, TASKS[:4])) == told(on) == []


@pytest.mark.parametrize("setup", [{"ttls": None, "shares_cache": False}, {"ttls": None}])
async def test_where_there_is_no_cache_or_it_is_not_ours_to_mark_forks_work_and_raise_nothing(tmp_path, setup):
    on = over(tmp_path, setup=setup)
    on.provider.mirror = None
    conversation = await forked(on)
    assert [conversation.tree.branches[name].status for name in "abcdef"] == ["done"] * 6
    assert told(on) == logged(conversation) == on.seen(CacheMissed) == []
    assert conversation.figures().usage.hit == 0.0 and conversation.figures().cost_usd > 0
    assert verify(conversation.tree).problem is None


async def waited(tmp_path, seconds, before=0.0):
    """Two forks, one at once: the second goes out so long after the first; before, main rested a while."""
    now, gate = [1_790_000_000.0], asyncio.Event()
    on = over(tmp_path, lines(task_0=Says("0", midway=gate), task_1=Says("1")), limits=Limits(width=1))
    conversation = on.open()
    conversation.agent.runtime.clock = lambda: now[0]
    await conversation.say("first")
    now[0] += before
    children = conversation.agent.fork(TASKS[:2])
    await until(lambda: any(sent.began for sent in on.provider.of("task_0")))
    now[0] += seconds
    gate.set()
    await conversation.agent.forks.wait(children)
    return on, conversation


async def test_one_that_waited_until_what_it_begins_with_was_nearly_lost_is_told_of(tmp_path):
    on, conversation = await waited(tmp_path, 250)
    assert told(on) == logged(conversation)
    assert told(on)[0].startswith("fork b went out 250 s after what it begins with was last used, of 300 s it lives: ")


@pytest.mark.parametrize(("seconds", "before"), [(239, 0), (0, 280), (100, 280)])
async def test_one_that_went_out_in_time_is_not(tmp_path, seconds, before):
    on, conversation = await waited(tmp_path, seconds, before)
    assert told(on) == logged(conversation) == []
