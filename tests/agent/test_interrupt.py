"""An interrupt at any point leaves a history that the next message can follow."""

import asyncio

import pytest

from omg.core.events import Joined, TurnEnded
from omg.session.verify import verify
from tests.scripted import Person, Says, failure, lines, stage, until


async def interrupted(conversation, turn):
    assert conversation.agent.interrupt()
    return await turn


async def goes_on(conversation, on):
    """The next message is legal, is answered, and verify agrees."""
    outcome = await conversation.say("and now")
    assert outcome.stop == "end_turn"
    assert on.provider.illegal == []
    assert verify(conversation.tree).problem is None
    return on.provider.sent[-1]


async def test_before_it_has_begun_at_all_the_words_come_back(tmp_path):
    on = stage(tmp_path, lines())
    conversation = on.open()
    turn = asyncio.ensure_future(conversation.say("first"))
    while not conversation.busy:
        await asyncio.sleep(0)
    assert (await interrupted(conversation, turn)).stop == "interrupted"
    assert on.seen(TurnEnded)[-1].draft == "first"
    assert (await goes_on(conversation, on)).texts == ["and now"]


@pytest.mark.parametrize("steps", range(12))
async def test_at_any_step_of_the_first_moments_the_words_are_either_back_or_in_the_history(tmp_path, steps):
    on = stage(tmp_path, lines(first=Says(before=asyncio.Event())))
    conversation = on.open()
    turn = asyncio.ensure_future(conversation.say("first"))
    await asyncio.sleep(0)
    for _ in range(steps):
        await asyncio.sleep(0.0002)
    assert (await interrupted(conversation, turn)).stop == "interrupted"
    assert on.seen(TurnEnded)[-1].draft == "first"
    await goes_on(conversation, on)


async def test_before_the_reply_the_words_come_back(tmp_path):
    on = stage(tmp_path, lines(first=Says(before=asyncio.Event())))
    conversation = on.open()
    turn = asyncio.ensure_future(conversation.say("first"))
    await until(lambda: on.provider.sent)
    assert (await interrupted(conversation, turn)).stop == "interrupted"
    assert on.seen(TurnEnded)[-1].draft == "first"
    assert conversation.tree.requests[1].settled.how == "interrupted"
    assert (await goes_on(conversation, on)).texts == ["and now"]


async def test_in_mid_stream_the_words_stay_and_the_reply_is_told_to_be_lost(tmp_path):
    on = stage(tmp_path, lines(first=Says("half", midway=asyncio.Event())))
    conversation = on.open()
    turn = asyncio.ensure_future(conversation.say("first"))
    await until(lambda: on.spoke("main"))
    assert (await interrupted(conversation, turn)).stop == "interrupted"
    assert on.seen(TurnEnded)[-1].draft is None
    first, note, now = (await goes_on(conversation, on)).texts
    assert (first, now) == ("first", "and now")
    assert "cut off" in note


async def test_while_tools_run_what_is_done_is_kept_and_the_rest_is_told_to_be_unknown(tmp_path):
    calls = (("hold", {"name": "x"}), ("hold", {"name": "y"}))
    on = stage(tmp_path, lines(first=Says(calls=calls)))
    conversation = on.open()
    turn = asyncio.ensure_future(conversation.say("first"))
    await until(lambda: len(on.hold.begun) == 2)
    on.hold.gate("y").set()
    await until(lambda: conversation.tree.branches["main"].results)
    assert (await interrupted(conversation, turn)).stop == "interrupted"
    results = (await goes_on(conversation, on)).blocks("tool_result")
    assert [result.get("is_error", False) for result in results] == [True, False]
    assert "Interrupted" in results[0]["content"][0]["text"]
    assert results[1]["content"][0]["text"] == "held y"


async def test_while_a_person_is_asked_the_question_goes_away(tmp_path):
    person = Person()
    call = ("shell", {"command": "touch made"})
    on = stage(tmp_path, lines(first=Says(calls=(call,))), asker=person)
    conversation = on.open()
    turn = asyncio.ensure_future(conversation.say("first"))
    await until(lambda: person.questions)
    assert (await interrupted(conversation, turn)).stop == "interrupted"
    (result,) = (await goes_on(conversation, on)).blocks("tool_result")
    assert result["is_error"]
    assert not (on.folder / "made").exists()


async def test_while_it_waits_for_forks_they_work_on_and_report_later(tmp_path):
    gate = asyncio.Event()
    on = stage(
        tmp_path,
        lines(
            task_one=Says("report one", before=gate),
            task_two=Says("report two", before=gate),
            first=Says(calls=(("fork", {"tasks": ["task_one", "task_two"]}),)),
        ),
    )
    conversation = on.open()
    turn = asyncio.ensure_future(conversation.say("first"))
    await until(lambda: len(on.provider.sent) == 3)
    assert (await interrupted(conversation, turn)).stop == "interrupted"
    assert {child.name for child in conversation.agent.running()} == {"a", "b"}
    (result,) = (await goes_on(conversation, on)).blocks("tool_result")
    assert "still running" in result["content"][0]["text"]
    assert not result.get("is_error", False)
    gate.set()
    await until(lambda: not conversation.agent.running())
    assert [event.child for event in on.seen(Joined)] == ["a", "b"]
    sent = await goes_on(conversation, on)
    reports = [text for text in sent.texts if text.startswith("<report")]
    assert ["report one" in reports[0], "report two" in reports[1]] == [True, True]


async def test_while_it_waits_to_try_again_the_words_come_back(tmp_path):
    on = stage(tmp_path, lines(first=Says(refused=failure("limited", retryable=True))))
    conversation = on.open()
    conversation.agent.runtime.retry_wait = lambda seconds: 60.0
    turn = asyncio.ensure_future(conversation.say("first"))
    await until(lambda: on.provider.sent)
    assert (await interrupted(conversation, turn)).stop == "interrupted"
    assert on.seen(TurnEnded)[-1].draft == "first"
    await goes_on(conversation, on)


async def test_words_that_were_to_go_into_the_turn_come_back(tmp_path):
    on = stage(tmp_path, lines(first=Says("half", midway=asyncio.Event())))
    conversation = on.open()
    turn = asyncio.ensure_future(conversation.say("first"))
    await until(lambda: on.spoke("main"))
    conversation.agent.steer("main", "left over")
    await interrupted(conversation, turn)
    assert on.seen(TurnEnded)[-1].draft == "left over"


async def test_a_caller_that_is_cancelled_takes_its_turn_with_it(tmp_path):
    on = stage(tmp_path, lines(first=Says("half", midway=asyncio.Event())))
    conversation = on.open()
    turn = asyncio.ensure_future(conversation.say("first"))
    await until(lambda: on.spoke("main"))
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn
    assert not conversation.busy
    await goes_on(conversation, on)
