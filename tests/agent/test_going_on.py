"""Main goes on from elsewhere in its tree: the very same bytes, nothing lost, one write. And forks are woken warm."""

import asyncio
import json

import pytest

from omg.agent.cold import take
from omg.agent.facts import Fact
from omg.agent.forks import ForkRefused
from omg.agent.schedule import Decision
from omg.agent.starts import NoStart, find_start, start_at
from omg.cache.mirror import Mirror
from omg.core.usage import Usage
from omg.session.load import load
from omg.session.verify import verify
from omg.wire.chain import path
from tests.scripted import Says, lines, prefix, stage, until
from tests.summaries import summarising

OTHER = "claude-sonnet-5-5"
LONG = " and so on" * 500


def warm_stage(tmp_path, script, **values):
    on = stage(tmp_path, script, setup={"minimum": 512}, **values)
    on.provider.mirror = Mirror()
    return on


def main_of(conversation):
    return conversation.tree.branches["main"]


def switch(conversation, name: str) -> None:
    conversation.go_on_at(find_start(conversation.tree, name), f"switch to {name}")


async def fold(conversation, name: str) -> None:
    agent = conversation.agent
    await agent.compactor.fold(agent.live(name), Decision("fold", "a test wants it"))


def whole(usage: Usage) -> int:
    """All that a request's last breakpoint covers."""
    return usage.read + usage.written


async def test_going_on_from_an_earlier_node_sends_the_very_same_bytes_and_keeps_the_old_epoch(tmp_path):
    on = warm_stage(tmp_path, lines(first=Says("one" + LONG, thinking="hm")))
    conversation = on.open()
    for words in ("first" + LONG, "second" + LONG, "third"):
        await conversation.say(words)
    old = main_of(conversation).tip
    node = path(old)[1]
    switch(conversation, node.id[:8])
    await conversation.say("another second")
    first, _, _, last = on.provider.sent
    assert prefix(last.body).startswith(prefix(first.body))
    assert b'"thinking"' in last.body
    assert last.usage.read == whole(first.usage)
    branch = main_of(conversation)
    assert (branch.epoch, branch.past[-1].tip, branch.past[-1].cause) == (2, old, f"switch to {node.id[:8]}")
    assert verify(conversation.tree).problem is None


async def test_back_to_an_old_epoch_and_forth_reads_all_of_it(tmp_path):
    on = warm_stage(tmp_path, lines())
    conversation = on.open()
    for words in ("first" + LONG, "second" + LONG):
        await conversation.say(words)
    switch(conversation, path(main_of(conversation).tip)[1].id)
    await conversation.say("elsewhere" + LONG)
    switch(conversation, "epoch 1")
    await conversation.say("third")
    switch(conversation, "2")
    await conversation.say("fourth")
    second, elsewhere, third, fourth = on.provider.sent[1:]
    assert third.usage.read == whole(second.usage)
    assert fourth.usage.read == whole(elsewhere.usage)
    assert prefix(third.body).startswith(prefix(second.body))
    assert prefix(fourth.body).startswith(prefix(elsewhere.body))
    assert verify(conversation.tree).problem is None


async def test_back_to_what_another_model_was_sent_is_back_to_that_model(tmp_path):
    on = warm_stage(tmp_path, lines(first=Says("one" + LONG, thinking="hm")))
    conversation = on.open()
    await conversation.say("first" + LONG)
    conversation.set_model(OTHER)
    await conversation.say("second")
    switch(conversation, "1")
    assert conversation.model == "claude-opus-5-5" == conversation.agent.runtime.setup.model
    await conversation.say("third")
    first, _, third = on.provider.sent
    assert third.usage.read == whole(first.usage)
    assert b'"thinking"' in third.body


async def test_what_the_new_history_has_not_told_is_told_again_and_what_it_has_told_is_not(tmp_path):
    facts = [Fact("folder", "folder: /one"), Fact("date", "date: monday")]
    on = stage(tmp_path, lines(), facts=lambda: facts)
    conversation = on.open()
    await conversation.say("first")
    facts[1] = Fact("date", "date: tuesday")
    await conversation.say("second")
    first = path(main_of(conversation).tip)[1]
    switch(conversation, first.id)
    await conversation.say("third")
    assert "date: tuesday" in str(on.provider.sent[-1].newest) and "/one" not in str(on.provider.sent[-1].newest)
    switch(conversation, "1")
    await conversation.say("fourth")
    assert [block["text"] for block in on.provider.sent[-1].newest] == ["fourth"]


async def test_a_file_that_the_new_history_has_not_read_must_be_read_before_it_is_edited(tmp_path):
    read, edit = ("read", {"path": "a.txt"}), ("edit", {"path": "a.txt", "old": "old", "new": "new"})
    script = lines(
        second=[Says(calls=(read,)), Says("read")], third=[Says(calls=(edit,)), Says("no")], last=[Says(calls=(edit,))]
    )
    on = stage(tmp_path, script, allow=("edit(*)",))
    (on.folder / "a.txt").write_text("old\n")
    conversation = on.open()
    await conversation.say("first")
    before = main_of(conversation).tip
    await conversation.say("second")
    assert len(main_of(conversation).seen) == 1
    conversation.go_on_at(start_at(conversation.tree, before), "back")
    assert main_of(conversation).seen == {}
    await conversation.say("third")
    assert (on.folder / "a.txt").read_text() == "old\n"
    switch(conversation, "1")
    await conversation.say("last")
    assert (on.folder / "a.txt").read_text() == "new\n"


async def test_open_calls_at_the_place_get_the_result_they_came_to_there_or_the_constant_one(tmp_path):
    call = Says(calls=(("hold", {"name": "x"}), ("hold", {"name": "y"})))
    on = stage(tmp_path, lines(first=[call, Says("done")]))
    conversation = on.open()
    turn = asyncio.ensure_future(conversation.say("first"))
    await until(lambda: len(on.hold.begun) == 2)
    on.hold.gate("x").set()
    await until(lambda: main_of(conversation).results)
    conversation.agent.interrupt()
    await turn
    asked = main_of(conversation).tip
    await conversation.say("second")
    conversation.go_on_at(start_at(conversation.tree, asked), "back")
    await conversation.say("third")
    results = [block for block in on.provider.sent[-1].newest if block["type"] == "tool_result"]
    assert [result["is_error"] for result in results] == [True, True]
    assert all("what it did until then is unknown" in result["content"][0]["text"] for result in results)
    assert on.provider.illegal == []


async def test_results_that_wait_where_an_epoch_ended_are_given_when_main_comes_back(tmp_path):
    on = stage(tmp_path, lines(second=Says(calls=(("hold", {"name": "x"}), ("hold", {"name": "y"})))))
    conversation = on.open()
    await conversation.say("first")
    before = main_of(conversation).tip
    turn = asyncio.ensure_future(conversation.say("second"))
    await until(lambda: len(on.hold.begun) == 2)
    on.hold.gate("x").set()
    await until(lambda: main_of(conversation).results)
    conversation.agent.interrupt()
    await turn
    conversation.go_on_at(start_at(conversation.tree, before), "back")
    assert main_of(conversation).results == {}
    await conversation.say("elsewhere")
    switch(conversation, "1")
    await conversation.say("third")
    assert on.provider.sent[-1].newest[0]["content"][0]["text"] == "held x"


async def test_a_promoted_fork_goes_on_as_main_is_told_so_once_and_its_report_is_pending_no_more(tmp_path):
    on = warm_stage(tmp_path, lines(task_one=Says("found it" + LONG), task_two=Says("other")))
    conversation = on.open()
    await conversation.say("first" + LONG)
    await conversation.agent.forks.wait(conversation.agent.fork(["task_one", "task_two"]))
    switch(conversation, "a")
    assert main_of(conversation).pending == ["b"]
    own = on.provider.of("task_one")[0]
    await conversation.say("go on")
    sent = on.provider.sent[-1]
    assert sent.usage.read == whole(own.usage)
    assert prefix(sent.body).startswith(prefix(own.body))
    texts = [block["text"] for block in sent.newest]
    assert sum("You are the main agent" in text for text in texts) == 1 and texts[-1] == "go on"
    await conversation.say("and on")
    assert "You are the main agent" not in str(on.provider.sent[-1].newest)
    assert conversation.tree.branches["a"].report.startswith("found it")
    assert verify(conversation.tree).problem is None


async def test_nothing_moves_while_main_or_that_fork_is_at_work(tmp_path):
    hold = Says(calls=(("hold", {"name": "x"}),))
    on = stage(tmp_path, lines(task_one=[hold], second=[hold]))
    conversation = on.open()
    await conversation.say("first")
    conversation.agent.fork(["task_one"])
    await until(lambda: on.hold.begun)
    with pytest.raises(ForkRefused, match="a is at work"):
        switch(conversation, "a")
    turn = asyncio.ensure_future(conversation.say("second"))
    await until(lambda: len(on.hold.begun) == 2)
    with pytest.raises(ForkRefused, match="main is at work"):
        switch(conversation, path(main_of(conversation).tip)[0].id)
    assert main_of(conversation).epoch == 1
    on.hold.gate("x").set()
    await turn
    await conversation.close()


async def test_a_name_that_means_no_place_or_several_is_told(tmp_path):
    conversation = stage(tmp_path, lines()).open()
    await conversation.say("first")
    conversation.agent.anchor("plan")
    tree, tip = conversation.tree, main_of(conversation).tip
    for name in ("@plan", "plan", "main", "1", "epoch 1", tip.id[:6], tip.id, f"@{tip.id[:8]}"):
        assert find_start(tree, name).node is tip, name
    for name in ("", "@", "nothing", "7", tip.id[:3], "0" * 64, "epoch", "²"):
        with pytest.raises(NoStart):
            find_start(tree, name)


async def test_killed_at_any_byte_of_a_switch_the_session_is_before_or_after_and_never_between(tmp_path):
    on = stage(tmp_path, lines(task_one=Says("found")))
    conversation = on.open()
    await conversation.say("first")
    await conversation.agent.forks.wait(conversation.agent.fork(["task_one"]))
    await conversation.say("second")
    before = on.log.read_bytes()
    switch(conversation, "a")
    after = on.log.read_bytes()
    await conversation.close()
    tips = {}
    for end in range(len(before), len(after) + 1):
        on.log.write_bytes(after[:end])
        tree = load(on.log).tree
        main = tree.branches["main"]
        tips[end] = (main.epoch, main.tip.id, tuple(main.pending))
    assert len(set(tips.values())) == 2
    assert all(tips[end] == tips[len(before)] for end in range(len(before), len(after)))
    on.log.write_bytes(after)
    again = on.again()
    assert not any("was running" in notice for notice in again.notices)
    await again.say("third")
    assert verify(again.tree).problem is None
    await again.close()


async def test_an_anchor_that_the_shorter_history_does_not_hold_is_marked_no_more(tmp_path):
    loud = Says("", calls=(("shell", {"command": "yes | head -9000"}),))
    on = warm_stage(tmp_path, lines(first=[loud, Says("one")]), mode="all")
    conversation = on.open()
    for words in ("first", "second", "third", "fourth"):
        await conversation.say(words)
    assert "start" in conversation.tree.anchors
    assert await take(conversation.agent.runtime, conversation.agent.live("main"), "pruned")
    assert conversation.agent.compactor.nothing(conversation.agent.live("main")) is None  # all of it is still to sum up
    assert (await conversation.say("fifth")).stop == "end_turn"
    assert verify(conversation.tree).problem is None


# waking


async def a_finished_fork(on):
    conversation = on.open()
    await conversation.say("first" + LONG)
    await conversation.agent.forks.wait(conversation.agent.fork(["task_one" + LONG]))
    return conversation


async def wakes_warm(conversation, on) -> None:
    """Fork a, woken, sends all that it has sent before, and reads all of that."""
    before = on.provider.sent[conversation.tree.branches["a"].last_request - 1]
    conversation.agent.wake("a", "once more")
    await conversation.agent.forks.wait([conversation.agent.live("a")])
    after = on.provider.sent[-1]
    assert prefix(after.body).startswith(prefix(before.body))
    assert after.usage.read == whole(before.usage) > 0
    assert verify(conversation.tree).problem is None


TOOLS = [Says("looking", calls=(("glob", {"pattern": "*"}),) * 9) for _ in range(4)]


@pytest.mark.parametrize("loop", [[], TOOLS], ids=["at once", "after a tool loop"])
@pytest.mark.parametrize("moved", ["main said more", "a resume", "another model", "rewound", "rewound and a resume"])
async def test_a_woken_fork_reads_all_of_its_own_prefix(tmp_path, loop, moved):
    on = warm_stage(tmp_path, lines(once=Says("again"), task_one=[*loop, Says("report" + LONG)]))
    conversation = await a_finished_fork(on)
    await conversation.say("second" + LONG)
    if moved == "another model":
        conversation.set_model(OTHER)
        await conversation.say("third")
    if "rewound" in moved:
        conversation.go_on_at(start_at(conversation.tree, None), "back to the beginning")
        await conversation.say("anew")
    if "resume" in moved:
        await conversation.close()
        conversation = on.again()
    await wakes_warm(conversation, on)
    await conversation.close()


async def test_a_woken_fork_reads_all_of_its_own_prefix_after_main_was_folded(tmp_path):
    on = warm_stage(tmp_path, summarising(lines(once=Says("again"), task_one=[*TOOLS, Says("report" + LONG)])))
    conversation = await a_finished_fork(on)
    await fold(conversation, "main")
    await conversation.say("second" + LONG)
    await wakes_warm(conversation, on)
    await conversation.close()


@pytest.mark.parametrize("resumed", [False, True])
async def test_a_fork_that_was_folded_goes_on_from_its_summary_when_it_is_woken(tmp_path, resumed):
    script = lines(once=[Says("again"), Says("and again")], task_one=[*TOOLS, Says("report" + LONG)])
    on = warm_stage(tmp_path, summarising(script))
    conversation = await a_finished_fork(on)
    await fold(conversation, "a")
    if resumed:
        await conversation.close()
        conversation = on.again()
    branch = conversation.tree.branches["a"]
    assert branch.tip is branch.base and branch.epoch == 2
    folded_to = branch.tip
    conversation.agent.wake("a", "once more")
    await conversation.agent.forks.wait([conversation.agent.live("a")])
    assert branch.tip.extends(folded_to)
    assert [block["text"] for block in on.provider.sent[-1].newest] == ["once more"], "and no task once more"
    assert branch.report == "again"
    await wakes_warm(conversation, on)
    await conversation.close()


async def test_a_folded_fork_that_is_stopped_before_it_said_more_reports_what_it_had(tmp_path):
    gate = asyncio.Event()
    script = lines(once=[Says("lost", before=gate), Says("again")], task_one=Says("report"))
    on = warm_stage(tmp_path, summarising(script))
    conversation = await a_finished_fork(on)
    await fold(conversation, "a")
    conversation.agent.wake("a", "once more")
    await until(lambda: on.provider.of("once more"))
    await conversation.agent.stop("a")
    branch = conversation.tree.branches["a"]
    assert (branch.status, branch.report, branch.tip) == ("stopped", "report", branch.base)
    gate.set()
    conversation.agent.wake("a", "once more")
    await conversation.agent.forks.wait([conversation.agent.live("a")])
    assert (branch.status, branch.report) == ("done", "again")
    await conversation.close()


async def test_a_fork_from_an_old_epoch_begins_with_the_bytes_and_the_head_of_that_epoch(tmp_path):
    on = warm_stage(tmp_path, lines())
    conversation = on.open()
    await conversation.say("first" + LONG)
    conversation.agent.anchor("plan")
    await conversation.say("second" + LONG)
    conversation.set_model(OTHER)
    conversation.go_on_at(start_at(conversation.tree, None), "anew")
    await conversation.say("third")
    one, two, _ = on.provider.sent
    for name, before in (("@plan", one), ("1", two)):
        start = find_start(conversation.tree, name)
        children = conversation.agent.fork([f"look {name}"], node=start.node, head=start.head)
        await conversation.agent.forks.wait(children)
        sent = on.provider.sent[-1]
        assert prefix(sent.body).startswith(prefix(before.body))
        assert json.loads(sent.body)["model"] == "claude-opus-5-5"
        assert sent.usage.read >= whole(before.usage)
    assert verify(conversation.tree).problem is None
    assert main_of(conversation).pending == ["a", "b"]


async def test_a_fork_of_an_earlier_place_knows_what_that_place_knows(tmp_path):
    facts = [Fact("date", "date: monday")]
    on = stage(tmp_path, lines(second=[Says(calls=(("read", {"path": "a.txt"}),))]), facts=lambda: facts)
    (on.folder / "a.txt").write_text("x\n")
    conversation = on.open()
    await conversation.say("first")
    conversation.agent.anchor("plan")
    facts[0] = Fact("date", "date: tuesday")
    await conversation.say("second")
    node = conversation.tree.anchors["plan"]
    (child,) = conversation.agent.fork(["look"], node=node)
    assert child.branch.told == {"date": Fact("date", "date: monday").hash} and child.branch.seen == {}
    (here,) = conversation.agent.fork(["look"])
    assert here.branch.told == {"date": facts[0].hash} and len(here.branch.seen) == 1
    await conversation.agent.forks.wait([child, here])


# asking the past


async def test_the_past_is_asked_with_its_own_head_and_nothing_is_written_that_nobody_reads(tmp_path):
    on = warm_stage(tmp_path, lines(why=Says("because")))
    conversation = on.open()
    await conversation.say("first" + LONG)
    await conversation.say("second" + LONG)
    conversation.set_model(OTHER)
    await conversation.say("third")
    tip = main_of(conversation).tip
    child = conversation.agent.aside("why", find_start(conversation.tree, "1"))
    await conversation.agent.forks.wait([child])
    asked, last = on.provider.sent[-1], on.provider.sent[1]
    assert json.loads(asked.body)["model"] == "claude-opus-5-5"
    assert prefix(asked.body).startswith(prefix(last.body))
    assert asked.usage.read == whole(last.usage)
    marked = [
        block for message in asked.request["messages"] for block in message["content"] if "cache_control" in block
    ]
    assert asked.newest[-1]["text"] == "why" and not any(block in marked for block in asked.newest)
    assert asked.usage.plain > 0
    assert main_of(conversation).tip is tip and main_of(conversation).pending == []
    conversation.agent.want(child.name)
    await conversation.agent.join(child.name)
    assert "because" in str(on.provider.sent[-1].newest)
    assert verify(conversation.tree).problem is None
