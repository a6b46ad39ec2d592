"""A whole session that is folded: the summary is asked for at the price of a read, and what follows is sent once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from omg.agent.schedule import Decision
from omg.wire.chain import path
from tests.conformance.histories import chain
from tests.conformance.whole import bodies, foretold, sound, usage


async def folded(whole):
    """A session at work, then folded."""
    conversation = whole.again()
    await whole.say(conversation, "show story.txt", "and now?")
    whole.clock.at += 20
    agent = conversation.agent
    assert await agent.compactor.fold(agent.live("main"), Decision("fold", "a test wants it"))
    return conversation


async def test_m014_m015_a_compaction_is_the_same_head_and_history_and_one_message(whole):
    conversation = await folded(whole)
    before, asked = whole.sent[-2], whole.sent[-1]
    assert asked.prefix.startswith(before.prefix)
    for field in ("tools", "system", "model", "max_tokens", "thinking"):
        assert asked.json.get(field) == before.json.get(field)
    assert whole.causes == []
    assert usage(conversation).read == foretold(conversation).read > 5000
    assert sound(conversation)


async def test_m064_what_follows_a_summary_is_what_was_sealed_then_in_every_process(whole):
    conversation = await folded(whole)
    await whole.say(conversation, "and what else?")
    first = whole.sent[-1].prefix
    assert b"<summary>" in first
    await conversation.close()
    again = whole.again()
    await whole.say(again, "and then?")
    assert whole.sent[-1].prefix.startswith(first)
    assert usage(again).read == foretold(again).read
    assert sound(again)


async def test_m064_a_summary_that_is_written_anew_is_refused(whole):
    conversation = await folded(whole)
    await whole.say(conversation, "and what else?")
    main, sent = conversation.tree.branches["main"], len(whole.sent)
    one, *others = bodies(conversation)
    tip = chain([one.replace(b"<summary>", b"<summary >", 1), *others])
    conversation.tree.nodes.update((node.id, node) for node in path(tip))
    main.tip = main.accepted = tip
    outcome = await conversation.say("and then?")
    assert outcome.error.startswith("refused to send: on branch main, byte ") and "(messages[0] (" in outcome.error
    assert len(whole.sent) == sent


async def test_m107_forks_right_behind_a_compaction_write_what_they_share_once(whole):
    conversation = await folded(whole)
    start = len(conversation.tree.requests)
    await whole.fork(conversation, "what is it, a?", "what is it, b?", "what is it, c?")
    requests = list(conversation.tree.requests.values())[start:]
    writes = sorted(request.settled.usage.written for request in requests)
    assert writes[-2] < 100 < writes[-1]
    assert [request.settled.usage.read for request in requests] == [each.logged.predicted.read for each in requests]
    assert whole.causes == []
    assert sound(conversation)


@pytest.mark.parametrize("what", ["a turn", "forks", "a compaction"])
async def test_being_asked_what_was_missed_moves_no_prefix_and_raises_nothing(whole, what):
    """The diagnostics stand in the envelope, where they change nothing of what is read."""
    whole.setup = replace(whole.setup, diagnoses=True)
    conversation = await folded(whole) if what == "a compaction" else whole.again()
    if what == "forks":
        await whole.fork(conversation, "what is it, a?", "what is it, b?")
    elif what == "a turn":
        await whole.say(conversation, "show story.txt", "and now?")
    assert "previous_message_id" in whole.sent[-1].json["diagnostics"]
    assert whole.causes == []
    assert usage(conversation).read == foretold(conversation).read > 5000
    assert sound(conversation)
