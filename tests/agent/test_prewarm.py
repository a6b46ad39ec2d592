"""A prefix is written before it is wanted: by a request that says nothing, and that its branch does not know of."""

import asyncio
import json

from omg.agent.prewarm import prewarm
from omg.cache.mirror import Mirror
from omg.core.events import CacheMissed, Notice, Requested, Used
from omg.core.usage import Usage
from omg.session import accounts
from omg.session.verify import verify
from omg.wire.chain import Node
from omg.wire.request import Envelope, build
from omg.wire.seal import seal
from tests.scripted import Says, failure, lines, prefix, stage, until

LONG = "A long story. " * 1500


def over(tmp_path, script=None, **setup):
    """A stage whose provider bills by the published rules, and answers what asks for nothing with nothing."""
    answer = script or lines(first=Says(LONG))
    on = stage(tmp_path, lambda sent: Says("") if sent.request["max_tokens"] <= 1 else answer(sent))
    on.provider.mirror = Mirror()
    on.setup = {"minimum": 512, "ping_tokens": 0, **setup}
    return on


async def warm(conversation, tip=None, **values):
    main = conversation.agent.live("main")
    return await prewarm(conversation.agent.runtime, main, tip or main.branch.tip, **values)


async def told(tmp_path, **setup):
    """A session whose newest reply nobody has written to the cache yet."""
    on = over(tmp_path, **setup)
    conversation = on.open()
    await conversation.say("first")
    return on, conversation


async def test_it_writes_the_history_and_no_more(tmp_path):
    on, conversation = await told(tmp_path)
    usage = await warm(conversation)
    sent = on.provider.sent[-1]
    assert (sent.request["max_tokens"], sent.request["stream"]) == (0, False)
    assert on.provider.illegal == []
    history = conversation.tree.branches["main"].tip
    assert prefix(sent.body).startswith(prefix(on.provider.sent[0].body) + b"," + history.message.body)
    assert sent.newest == [{"type": "text", "text": "."}]
    assert usage.write_5m > 4000 and usage.read > 500 and usage.plain < 20


async def test_whoever_begins_with_it_reads_all_of_it(tmp_path):
    on, conversation = await told(tmp_path)
    await warm(conversation)
    children = conversation.agent.fork(["task_one", "task_two"])
    await conversation.agent.forks.wait(children)
    ahead, *forks = accounts.lines(conversation.tree)[1:]
    assert forks[0].usage.read == ahead.usage.read + ahead.usage.write_5m
    assert forks[1].usage.read >= forks[0].usage.read
    assert forks[0].predicted.read == forks[0].usage.read
    assert on.seen(CacheMissed) == []


async def test_it_is_in_the_ledger_and_among_the_events(tmp_path):
    on, conversation = await told(tmp_path)
    await warm(conversation)
    line = accounts.lines(conversation.tree)[-1]
    assert (line.branch, line.purpose, line.usage.output) == ("main", "warm_up", 1)
    assert line.predicted.read == line.usage.read
    assert [event.purpose for event in on.seen(Requested)] == ["turn", "warm_up"]
    assert [event.purpose for event in on.seen(Used)] == ["turn", "warm_up"]


async def test_the_branch_stays_as_it_was_and_goes_on_without_it(tmp_path):
    on, conversation = await told(tmp_path)
    main = conversation.tree.branches["main"]
    before = (main.tip, main.accepted, main.last_request, main.epoch, main.cut)
    await warm(conversation)
    assert (main.tip, main.accepted, main.last_request, main.epoch, main.cut) == before
    await conversation.say("second")
    assert b'"text":"."' not in on.provider.sent[-1].body
    assert accounts.lines(conversation.tree)[-1].usage.read > 4000
    assert verify(conversation.tree) == verify(on_again(on, conversation).tree)
    assert verify(conversation.tree).problem is None


def on_again(on, conversation):
    conversation.agent.runtime.journal.close()
    return on.again()


async def test_a_prefix_that_is_held_already_is_not_written_again(tmp_path):
    on, conversation = await told(tmp_path)
    await warm(conversation)
    assert await warm(conversation) == Usage()
    assert len(on.provider.sent) == 2


async def test_what_is_too_short_is_not_sent(tmp_path):
    on, conversation = await told(tmp_path, minimum=50_000)
    assert await warm(conversation) is None
    assert len(on.provider.sent) == 1


async def test_an_endpoint_that_honours_no_markers_is_not_asked(tmp_path):
    on, conversation = await told(tmp_path, ttls=None, ping_tokens=None)
    assert await warm(conversation) is None
    assert len(on.provider.sent) == 1


async def test_it_may_end_earlier_than_the_branch(tmp_path):
    on, conversation = await told(tmp_path)
    earlier = conversation.tree.branches["main"].tip
    await conversation.say("second")
    on.provider.mirror = Mirror()
    conversation.agent.runtime.holdings.forget_all()
    assert (await warm(conversation, earlier, ttl="1h")).write_1h > 4000
    assert len(on.provider.sent[-1].request["messages"]) == 3
    assert verify(conversation.tree).problem is None


async def test_open_calls_are_answered_before_the_prefix_ends(tmp_path):
    on = over(tmp_path, lines(first=Says(LONG, calls=(("hold", {"name": "x"}),))))
    conversation = on.open()
    turn = asyncio.ensure_future(conversation.say("first"))
    await until(lambda: on.hold.begun)
    assert (await warm(conversation)).write_5m > 4000
    assert [block["type"] for block in on.provider.sent[-1].newest] == ["tool_result"]
    assert on.provider.illegal == []
    on.hold.gate("x").set()
    assert (await turn).stop == "end_turn"
    assert verify(conversation.tree).problem is None


async def test_an_endpoint_that_refuses_to_say_nothing_is_asked_for_a_token_from_then_on(tmp_path):
    on, conversation = await told(tmp_path)
    script, refused = on.provider.script, failure("refused", words="max_tokens: must be at least 1")
    on.provider.script = lambda sent: Says(refused=refused) if sent.request["max_tokens"] == 0 else script(sent)
    assert (await warm(conversation)).write_5m > 4000
    await conversation.say("second")
    await conversation.say("first")
    await warm(conversation)
    assert [sent.request["max_tokens"] for sent in on.provider.sent if sent.request["max_tokens"] < 2] == [0, 1, 1]
    assert on.seen(Notice) == []


async def test_when_it_fails_that_is_told_and_harms_nobody(tmp_path):
    on, conversation = await told(tmp_path)
    script = on.provider.script
    down = failure("network", words="no connection")
    on.provider.script = lambda sent: Says(refused=down) if sent.request["max_tokens"] == 0 else script(sent)
    assert await warm(conversation) is None
    assert [event.text for event in on.seen(Notice)] == ["the cache is not written ahead: no connection"]
    assert (await conversation.say("second")).stop == "end_turn"
    assert verify(conversation.tree).problem is None


async def test_a_budget_holds_it(tmp_path):
    on, conversation = await told(tmp_path)
    conversation.agent.set_budget(conversation.purses()[0].spent + 0.001)
    assert await warm(conversation) is None
    assert len(on.provider.sent) == 1
    assert "budget: the session has spent" in on.seen(Notice)[0].text


async def test_what_was_not_sent_by_the_branch_is_not_written(tmp_path):
    on, conversation = await told(tmp_path)
    live = conversation.agent.live("main")
    other = Node(None, seal("user", [{"type": "text", "text": "something else"}]))
    live.last = build(live.branch.head, other, (), Envelope(8000))
    assert await warm(conversation) is None
    assert len(on.provider.sent) == 1
    assert "differs from what was sent" in on.seen(Notice)[0].text


async def test_one_that_was_under_way_when_the_process_died_loses_no_reply(tmp_path):
    on, conversation = await told(tmp_path)
    await warm(conversation)
    records = on.log.read_bytes().splitlines(keepends=True)
    await conversation.close()
    cut = max(place for place, line in enumerate(records) if json.loads(line)["kind"] == "settled")
    on.log.write_bytes(b"".join(records[:cut]))
    again = on.again()
    assert not [text for text in again.notices if "lost" in text]
    assert again.tree.branches["main"].cut is False
    assert verify(again.tree).problem is None
