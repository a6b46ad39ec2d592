"""Another model is a new epoch: the history goes on without thinking, and nothing of the old one is lost."""

import asyncio
import json

from omg.session.verify import verify
from omg.wire.chain import path
from tests.scripted import Says, lines, prefix, stage, until

OTHER = "claude-sonnet-5-5"


def bodies(tip):
    return [node.message.body for node in path(tip)]


async def test_the_history_goes_on_without_its_thinking(tmp_path):
    on = stage(tmp_path, lines(first=Says("one", thinking="hm"), second=Says("two", thinking="hmm")))
    conversation = on.open()
    await conversation.say("first")
    await conversation.say("second")
    old = conversation.tree.branches["main"].tip
    before = bodies(old)
    conversation.set_model(OTHER)
    await conversation.say("third")
    sent = on.provider.sent[-1].request
    assert sent["model"] == OTHER
    kinds = [[block["type"] for block in message["content"]] for message in sent["messages"]]
    assert kinds == [["text"]] * 5
    assert bodies(old) == before
    assert all(node.id in conversation.tree.nodes for node in path(old))
    assert verify(conversation.tree).problem is None
    assert conversation.tree.branches["main"].epoch == 2


async def test_a_history_without_thinking_keeps_its_very_nodes(tmp_path):
    on = stage(tmp_path, lines())
    conversation = on.open()
    await conversation.say("first")
    tip = conversation.tree.branches["main"].tip
    conversation.set_model(OTHER)
    assert conversation.tree.branches["main"].tip is tip


async def test_results_that_wait_for_the_next_message_are_kept(tmp_path):
    answer = Says("hm", thinking="hm", calls=(("hold", {"name": "x"}), ("hold", {"name": "y"})))
    on = stage(tmp_path, lines(first=answer))
    conversation = on.open()
    turn = asyncio.ensure_future(conversation.say("first"))
    await until(lambda: len(on.hold.begun) == 2)
    on.hold.gate("x").set()
    await until(lambda: conversation.tree.branches["main"].results)
    conversation.agent.interrupt()
    await turn
    conversation.set_model(OTHER)
    await conversation.say("second")
    assert on.provider.sent[-1].newest[0]["content"][0]["text"] == "held x"
    assert on.provider.illegal == []


async def test_back_to_the_first_model_is_a_third_epoch_that_extends_what_was_sent(tmp_path):
    on = stage(tmp_path, lines())
    conversation = on.open()
    await conversation.say("first")
    first = conversation.model
    conversation.set_model(OTHER)
    await conversation.say("second")
    conversation.set_model(first)
    await conversation.say("third")
    one, _, three = (prefix(sent.body) for sent in on.provider.sent)
    assert three.startswith(one)
    assert conversation.tree.branches["main"].epoch == 3
    assert verify(conversation.tree).problem is None


async def test_another_model_on_resume_is_a_new_epoch_and_the_same_one_is_not(tmp_path):
    on = stage(tmp_path, lines(first=Says("one", thinking="hm")))
    conversation = on.open()
    await conversation.say("first")
    await conversation.close()
    again = on.again()
    assert again.tree.branches["main"].epoch == 1
    assert not any("new epoch" in notice for notice in again.notices)
    await again.close()
    other = on.again(model=OTHER)
    assert other.tree.branches["main"].epoch == 2
    assert any("new epoch" in notice for notice in other.notices)
    await other.say("second")
    assert [json.loads(sent.body)["model"] for sent in on.provider.sent] == ["claude-opus-5-5", OTHER]
    await other.close()
    last = on.again()
    assert last.model == OTHER
    assert (await last.say("third")).stop == "end_turn"
    assert verify(last.tree).problem is None


async def test_a_fork_of_the_old_epoch_goes_on_in_it(tmp_path):
    gate = asyncio.Event()
    on = stage(tmp_path, lines(task_one=[Says("half", calls=(("hold", {"name": "x"}),)), Says("found", before=gate)]))
    conversation = on.open()
    await conversation.say("first")
    children = conversation.agent.fork(["task_one"])
    await until(lambda: on.hold.begun)
    conversation.set_model(OTHER)
    on.hold.gate("x").set()
    gate.set()
    await conversation.agent.forks.wait(children)
    assert children[0].branch.report == "found"
    assert {sent.request["model"] for sent in on.provider.of("task_one")} == {"claude-opus-5-5"}
    assert verify(conversation.tree).problem is None
