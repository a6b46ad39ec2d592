"""The model's own fork: it waits, gives its place up meanwhile, and gets the reports."""

import asyncio

from omg.agent.runtime import Limits
from omg.session.verify import verify
from tests.scripted import Says, lines, stage, until


def fork(*tasks):
    return ("fork", {"tasks": list(tasks)})


def result(sent):
    return sent.newest[0]["content"][0]["text"]


async def test_it_waits_and_returns_the_reports_in_the_order_of_the_tasks(tmp_path):
    gate = asyncio.Event()
    on = stage(
        tmp_path,
        lines(
            task_one=Says("report one", before=gate),
            task_two=Says("report two"),
            first=[Says(calls=(fork("task_one", "task_two"),)), Says("thanks")],
        ),
    )
    conversation = on.open()
    turn = asyncio.ensure_future(conversation.say("first"))
    await until(lambda: "b" in conversation.tree.branches and conversation.tree.branches["b"].status == "done")
    gate.set()
    assert (await turn).stop == "end_turn"
    text = result(on.provider.sent[-1])
    assert text.index("report one") < text.index("report two")
    assert conversation.tree.branches["main"].pending == []
    await conversation.say("second")
    assert not any(text.startswith("<report") for text in on.provider.sent[-1].texts)
    assert verify(conversation.tree).problem is None


async def test_two_fork_calls_in_one_reply_each_get_their_own_reports(tmp_path):
    on = stage(
        tmp_path,
        lines(
            task_one=Says("report one"),
            task_two=Says("report two"),
            first=[Says(calls=(fork("task_one"), fork("task_two"))), Says("thanks")],
        ),
    )
    assert (await on.open().say("first")).stop == "end_turn"
    one, two = on.provider.sent[-1].newest
    assert "report one" in one["content"][0]["text"]
    assert "report two" in two["content"][0]["text"]
    assert on.provider.illegal == []


async def test_forks_that_wait_for_forks_never_wait_for_a_place_that_they_hold(tmp_path):
    on = stage(
        tmp_path,
        lines(
            deep=Says("deep down"),
            middle=[Says(calls=(fork("deep", "deep too"),)), Says("middle")],
            top=[Says(calls=(fork("middle"), fork("middle too"))), Says("top")],
        ),
        limits=Limits(width=1),
    )
    conversation = on.open()
    children = conversation.agent.fork(["top"])
    await asyncio.wait_for(conversation.agent.forks.wait(children), 5)
    assert {branch.status for branch in conversation.tree.branches.values() if branch.made.parent} == {"done"}
    assert on.provider.illegal == []


async def test_a_fork_that_waits_for_forks_twice_over_gives_up_one_place(tmp_path):
    never = asyncio.Event()
    at_work: set[str] = set()

    def script(sent):
        at_work.add(sent.words)
        return Says("busy", midway=never)

    nested = lines(outer=Says(calls=(fork("one"), fork("two"), fork("three"))))
    on = stage(tmp_path, lambda sent: nested(sent) if sent.words == "outer" else script(sent), limits=Limits(width=1))
    conversation = on.open()
    conversation.agent.fork(["outer"])
    await until(lambda: at_work)
    await asyncio.sleep(0.02)
    assert at_work == {"one"}
    await conversation.close()


async def test_a_fork_that_is_interrupted_while_it_waits_ends_at_once_and_its_forks_work_on(tmp_path):
    gate = asyncio.Event()
    on = stage(
        tmp_path,
        lines(inner=Says("found", midway=gate), outer=Says(calls=(fork("inner"),))),
        limits=Limits(width=1),
    )
    conversation = on.open()
    (outer,) = conversation.agent.fork(["outer"])
    await until(lambda: on.spoke("a.a"))
    conversation.agent.interrupt("a")
    await asyncio.wait_for(conversation.agent.forks.wait([outer]), 5)
    assert conversation.tree.branches["a"].status == "stopped"
    assert conversation.tree.branches["a.a"].status == "running"
    gate.set()
    await until(lambda: conversation.tree.branches["a.a"].status == "done")
    assert conversation.tree.branches["a"].pending == ["a.a"]


async def test_stopping_twice_makes_no_room_that_is_not_there(tmp_path):
    never = asyncio.Event()
    script = lines(inner=Says("busy", midway=never), outer=Says(calls=(fork("inner"),)))
    on = stage(tmp_path, lambda sent: Says("busy", midway=never) if "late" in sent.words else script(sent))
    on.limits = Limits(width=1)
    conversation = on.open()
    conversation.agent.fork(["outer"])
    await until(lambda: on.spoke("a.a"))
    conversation.agent.interrupt("a")
    conversation.agent.interrupt("a")
    await conversation.agent.stop("a")
    before = len(on.provider.sent)
    conversation.agent.fork(["late one", "late two", "late three"])
    await until(lambda: len(on.provider.sent) > before)
    await asyncio.sleep(0.02)
    assert len(on.provider.sent) == before + 1
    await conversation.close()


async def test_a_task_of_white_space_is_refused_in_words(tmp_path):
    on = stage(tmp_path, lines(first=Says(calls=(fork("  "),))))
    await on.open().say("first")
    assert "none may be empty" in result(on.provider.sent[-1])
