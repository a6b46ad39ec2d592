"""What each stop reason does to the history and to the turn."""

import pytest

from omg.agent.runtime import Limits
from omg.core.events import Notice
from omg.core.usage import Usage
from omg.session.verify import verify
from omg.wire.chain import path
from tests.scripted import Says, lines, stage

READ = ("glob", {"pattern": "*"})


def kinds(conversation):
    tip = conversation.tree.branches["main"].tip
    return [(node.message.role, [place.kind for place in node.message.places]) for node in path(tip)]


async def said(tmp_path, *answers, **values):
    on = stage(tmp_path, lines(first=list(answers)), **values)
    conversation = on.open()
    outcome = await conversation.say("first")
    assert verify(conversation.tree).problem is None
    return on, conversation, outcome


@pytest.mark.parametrize("stop", ["end_turn", "stop_sequence", "something_new"])
async def test_a_reply_without_calls_ends_the_turn_whatever_its_reason_is_called(tmp_path, stop):
    _, conversation, outcome = await said(tmp_path, Says("hi", stop=stop))
    assert outcome.stop == "end_turn"
    assert kinds(conversation) == [("user", ["text"]), ("assistant", ["text"])]


@pytest.mark.parametrize("stop", ["tool_use", "end_turn", "something_new"])
async def test_calls_are_run_whatever_the_reason_is_called(tmp_path, stop):
    on, conversation, outcome = await said(tmp_path, Says(calls=(READ,), stop=stop), Says("hi"))
    assert outcome.stop == "end_turn"
    assert [role for role, _ in kinds(conversation)] == ["user", "assistant", "user", "assistant"]
    assert on.provider.illegal == []


async def test_a_pause_is_sent_back_as_it_is(tmp_path):
    on, conversation, outcome = await said(tmp_path, Says("so far", stop="pause_turn"), Says("and on"), legal=False)
    assert outcome.stop == "end_turn"
    assert kinds(conversation) == [("user", ["text"]), ("assistant", ["text"]), ("assistant", ["text"])]
    assert [message["role"] for message in on.provider.sent[1].request["messages"]] == ["user", "assistant"]


async def test_a_server_that_pauses_for_ever_is_not_asked_for_ever(tmp_path):
    pauses = [Says(f"part {n}", stop="pause_turn") for n in range(30)]
    on, _, outcome = await said(tmp_path, *pauses, legal=False)
    assert outcome.stop == "end_turn"
    assert len(on.provider.sent) == 11


async def test_the_output_limit_in_text_keeps_the_text(tmp_path):
    on, conversation, outcome = await said(tmp_path, Says("hal", stop="max_tokens"))
    assert outcome.stop == "max_tokens"
    assert kinds(conversation)[-1] == ("assistant", ["text"])
    assert [notice for notice in on.seen(Notice) if "go on" in notice.text]
    assert (await conversation.say("go on")).stop == "end_turn"
    assert on.provider.illegal == []


async def test_the_output_limit_in_thinking_keeps_nothing(tmp_path):
    on, conversation, outcome = await said(tmp_path, Says(thinking="hm", stop="max_tokens"))
    assert outcome.stop == "max_tokens"
    assert kinds(conversation) == [("user", ["text"])]
    assert (await conversation.say("go on")).stop == "end_turn"
    assert on.provider.illegal == []


async def test_the_output_limit_in_an_only_call_leaves_it_out(tmp_path):
    on, conversation, outcome = await said(tmp_path, Says("so", calls=(READ,), broken=(0,), stop="max_tokens"))
    assert outcome.stop == "max_tokens"
    assert kinds(conversation)[-1] == ("assistant", ["text"])
    await conversation.say("go on")
    assert on.provider.illegal == []


async def test_the_output_limit_behind_whole_calls_runs_these_and_tells_of_the_cut_one(tmp_path):
    answer = Says("so", calls=(READ, READ, READ), broken=(2,), stop="max_tokens")
    on, conversation, outcome = await said(tmp_path, answer, Says("hi"))
    assert outcome.stop == "end_turn"
    assert kinds(conversation)[1:3] == [
        ("assistant", ["text", "tool_use", "tool_use"]),
        ("user", ["tool_result", "tool_result", "text"]),
    ]
    assert "cut off" in on.provider.sent[1].newest[-1]["text"]
    assert on.provider.illegal == []


async def test_a_broken_call_that_no_limit_cut_is_answered_with_an_error_and_not_run(tmp_path):
    answer = Says(calls=(("shell", {}), READ), broken=(0,))
    on, _, outcome = await said(tmp_path, answer, Says("hi"), mode="all")
    assert outcome.stop == "end_turn"
    results = on.provider.sent[1].newest
    assert [result.get("is_error", False) for result in results] == [True, False]
    assert "whole JSON object" in results[0]["content"][0]["text"]


async def test_a_refusal_is_not_part_of_the_history_and_its_reason_is_told(tmp_path):
    on, conversation, outcome = await said(tmp_path, Says("I can", calls=(READ,), stop="refusal", why="policy x"))
    assert outcome.stop == "refusal"
    assert kinds(conversation) == [("user", ["text"])]
    assert "policy x" in " ".join(notice.text for notice in on.seen(Notice))
    assert (await conversation.say("differently")).stop == "end_turn"
    assert on.provider.illegal == []


async def test_a_full_window_in_mid_reply_keeps_what_came(tmp_path):
    _on, conversation, outcome = await said(tmp_path, Says("the end of", stop="model_context_window_exceeded"))
    assert outcome.stop == "context_full"
    assert kinds(conversation)[-1] == ("assistant", ["text"])


async def test_an_empty_reply_ends_the_turn_and_adds_nothing(tmp_path):
    on, conversation, outcome = await said(tmp_path, Says(""))
    assert outcome.stop == "end_turn"
    assert kinds(conversation) == [("user", ["text"])]
    assert (await conversation.say("hello?")).stop == "end_turn"
    assert on.provider.illegal == []


async def test_the_limit_of_requests_ends_the_turn_with_nothing_lost(tmp_path):
    looping = [Says(calls=(READ,)) for _ in range(5)]
    on, conversation, outcome = await said(tmp_path, *looping, limits=Limits(max_turns=2))
    assert (outcome.stop, len(on.provider.sent)) == ("max_turns", 2)
    assert (await conversation.say("go on")).stop == "max_turns"
    assert len(on.provider.sent) == 4
    assert on.provider.illegal == []
    assert verify(conversation.tree).problem is None


async def test_a_spent_budget_sends_nothing_more(tmp_path):
    dear = Says(calls=(READ,), usage=Usage(plain=1_000_000, output=100_000))
    on, conversation, outcome = await said(tmp_path, dear, limits=Limits(budget_usd=1.0))
    assert (outcome.stop, len(on.provider.sent)) == ("budget", 1)
    assert (await conversation.say("more")).stop == "budget"
    assert len(on.provider.sent) == 1


async def test_blank_tool_output_does_not_make_the_next_request_illegal(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "blank.txt").write_text("\n\n  \n")
    on, _, outcome = await said(tmp_path, Says(calls=(("read", {"path": "blank.txt"}),)), Says("hi"))
    assert outcome.stop == "end_turn"
    assert on.provider.illegal == []
