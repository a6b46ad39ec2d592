"""What happens to a request that fails, and to the words that were in it."""

import asyncio

from omg.core.events import Joined, Notice, ReplyEnded, TurnEnded
from omg.session.verify import verify
from omg.wire.chain import path
from tests.scripted import Says, failure, lines, stage, until


def texts(conversation, branch="main"):
    tip = conversation.tree.branches[branch].tip
    return [block.get("text") for node in path(tip) for block in node.message.content if block["type"] == "text"]


async def test_each_attempt_is_told_and_logged(tmp_path):
    busy = failure("unavailable", retryable=True, words="overloaded")
    on = stage(tmp_path, lines(hello=[Says(refused=busy), Says(refused=busy), Says("hi")]))
    conversation = on.open()
    assert (await conversation.say("hello")).stop == "end_turn"
    requests = conversation.tree.requests.values()
    assert [request.settled.how for request in requests] == ["failed", "failed", "whole"]
    assert [notice.text.count("overloaded; trying again") for notice in on.seen(Notice)] == [1, 1]
    assert len({sent.body for sent in on.provider.sent}) == 1
    await conversation.close()


async def test_after_four_retries_it_gives_up_and_hands_the_words_back(tmp_path):
    busy = failure("unavailable", retryable=True)
    on = stage(tmp_path, lambda sent: Says(refused=busy))
    conversation = on.open()
    outcome = await conversation.say("hello")
    assert (outcome.stop, outcome.error) == ("error", "it failed: unavailable")
    assert len(on.provider.sent) == 5
    assert on.seen(TurnEnded)[-1].draft == "hello"
    assert conversation.tree.branches["main"].tip is None


async def test_a_refused_message_is_taken_back_and_its_words_are_a_draft(tmp_path):
    on = stage(tmp_path, lines(first=Says("one"), second=Says(refused=failure("refused")), third=Says("three")))
    conversation = on.open()
    await conversation.say("first")
    before = conversation.tree.branches["main"].tip
    outcome = await conversation.say("second")
    assert outcome.error == "it failed: refused"
    assert conversation.tree.branches["main"].tip is before
    assert on.seen(TurnEnded)[-1].draft == "second"
    await conversation.say("third")
    assert texts(conversation) == ["first", "one", "third", "three"]
    assert verify(conversation.tree).problem is None


async def test_reports_of_a_message_that_was_taken_back_are_pending_again(tmp_path):
    on = stage(tmp_path, lines(second=[Says(refused=failure("refused")), Says("thanks")]))
    conversation = on.open()
    await conversation.say("first")
    children = conversation.agent.fork(["task one", "task two"])
    await conversation.agent.forks.wait(children)
    await conversation.say("second")
    assert conversation.tree.branches["main"].pending == ["a", "b"]
    await conversation.say("second")
    assert conversation.tree.branches["main"].pending == []
    assert [text.startswith("<report") for text in texts(conversation)] == [False, False, True, True, False, False]


async def test_nothing_of_a_cut_reply_is_in_the_history_and_the_next_words_say_so(tmp_path):
    on = stage(tmp_path, lines(first=Says("half an ans", cut=failure("cut")), second=Says("whole")))
    conversation = on.open()
    assert (await conversation.say("first")).stop == "error"
    assert [event.whole for event in on.seen(ReplyEnded)] == [False]
    assert texts(conversation) == ["first"]
    assert on.seen(TurnEnded)[-1].draft is None
    await conversation.say("second")
    assert texts(conversation)[0] == "first"
    assert "cut off" in texts(conversation)[1]
    assert texts(conversation)[2:] == ["second", "whole"]
    await conversation.say("third")
    assert sum("cut off" in (text or "") for text in texts(conversation)) == 1


async def test_a_cut_reply_is_tried_again_with_the_same_bytes(tmp_path):
    cut = failure("cut", retryable=True)
    on = stage(tmp_path, lines(first=[Says("half", cut=cut), Says("whole")]))
    conversation = on.open()
    assert (await conversation.say("first")).stop == "end_turn"
    assert texts(conversation) == ["first", "whole"]
    one, other = on.provider.sent
    assert one.body == other.body
    first = conversation.tree.requests[1].settled
    assert (first.how, first.usage.plain, first.usage.output, first.output_seen) == ("cut", len(one.body) // 4, None, 1)


async def test_a_cut_and_then_a_refusal_leave_the_accepted_message_where_it_is(tmp_path):
    on = stage(
        tmp_path, lines(first=[Says("half", cut=failure("cut", retryable=True)), Says(refused=failure("refused"))])
    )
    conversation = on.open()
    assert (await conversation.say("first")).stop == "error"
    assert texts(conversation) == ["first"]
    assert on.seen(TurnEnded)[-1].draft is None


async def test_too_long_a_context_is_its_own_way_to_end(tmp_path):
    on = stage(tmp_path, lambda sent: Says(refused=failure("context_full", words="prompt is too long")))
    conversation = on.open()
    outcome = await conversation.say("hello")
    assert outcome.stop == "context_full"
    assert outcome.error.startswith("prompt is too long")


async def test_every_word_put_into_a_turn_comes_back_when_it_is_taken_back(tmp_path):
    on = stage(tmp_path, lines(first=[Says(calls=(("hold", {"name": "x"}),)), Says(refused=failure("refused"))]))
    conversation = on.open()
    turn = asyncio.ensure_future(conversation.say("first"))
    await until(lambda: "x" in on.hold.begun)
    conversation.agent.steer("main", "also this")
    conversation.agent.steer("main", "and that")
    on.hold.gate("x").set()
    await turn
    assert on.seen(TurnEnded)[-1].draft == "also this\nand that"


async def test_a_report_of_a_fork_joins_once(tmp_path):
    on = stage(tmp_path, lines())
    conversation = on.open()
    await conversation.agent.forks.wait(conversation.agent.fork(["look"]))
    await conversation.say("one")
    await conversation.say("two")
    assert [event.sealed for event in on.seen(Joined)] == [False, True]
