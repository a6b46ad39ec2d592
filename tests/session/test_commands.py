"""The slash commands: what each does to the conversation, and what it tells."""

import asyncio
from dataclasses import replace

import pytest

from omg.core.spoken import Spoken
from omg.core.trouble import Trouble
from omg.session.commands import run_command
from tests.scripted import Says, lines, stage, until


async def at_work(tmp_path):
    """A conversation whose main and fork `a` hold; `b` has finished."""
    hold = Says(calls=(("hold", {"name": "x"}),))
    on = stage(tmp_path, lines(task=hold, swift=Says("done"), first=hold))
    conversation = on.open()
    turn = asyncio.ensure_future(conversation.say("first"))
    await until(lambda: on.hold.begun)
    conversation.agent.fork(["task", "swift"])
    await until(lambda: len(on.hold.begun) == 2 and not conversation.agent.live("b").busy)
    return on, conversation, turn


STEERED = [
    ("a look there", "a", "look there"),
    ("@a look there", "a", "look there"),
    ("b is the wrong name", "main", "b is the wrong name"),
    ("shorter please", "main", "shorter please"),
    ("main is a branch", "main", "main is a branch"),
    ("@main a word", "main", "a word"),
]


@pytest.mark.parametrize(("rest", "branch", "words"), STEERED)
async def test_steering_is_for_a_fork_at_work_that_it_names_and_else_for_main(tmp_path, rest, branch, words):
    on, conversation, turn = await at_work(tmp_path)
    done = await run_command(conversation, f"/steer {rest}")
    assert done.text.startswith(f"{branch} reads this")
    assert conversation.agent.live(branch).steers == [Spoken(words)]
    on.hold.gate("x").set()
    await turn
    await conversation.close()


@pytest.mark.parametrize("rest", ["", "a", "@a", "@none words", "@b words"])
async def test_steering_without_words_or_of_a_fork_that_does_not_work_is_told(tmp_path, rest):
    on, conversation, turn = await at_work(tmp_path)
    with pytest.raises(Trouble):
        await run_command(conversation, f"/steer {rest}")
    on.hold.gate("x").set()
    await turn
    await conversation.close()


async def test_steer_a_is_mains_word_when_no_fork_a_works(tmp_path):
    on = stage(tmp_path, lines(task=Says("done"), first=Says(calls=(("hold", {"name": "x"}),))))
    conversation = on.open()
    await conversation.agent.forks.wait(conversation.agent.fork(["task"]))
    turn = asyncio.ensure_future(conversation.say("first"))
    await until(lambda: on.hold.begun)
    await run_command(conversation, "/steer a shorter answer please")
    assert conversation.agent.live("main").steers == [Spoken("a shorter answer please")]
    on.hold.gate("x").set()
    await turn


async def test_another_model_keeps_the_effort_that_is_set(tmp_path):
    on = stage(tmp_path, lines())
    asked = []
    conversation = on.open()
    setup_for = conversation.config.setup_for

    def recorded(model, effort):
        asked.append((model, effort))
        return setup_for(model, effort)

    conversation.config = replace(conversation.config, setup_for=recorded, default_effort="low")
    conversation.set_model("claude-sonnet-5-5")
    conversation.set_model("claude-sonnet-5-5", "high")
    conversation.config = replace(conversation.config, effort="max")
    conversation.set_model("claude-opus-5-5")
    assert asked == [("claude-sonnet-5-5", "low"), ("claude-sonnet-5-5", "high"), ("claude-opus-5-5", "max")]


async def test_trust_names_the_folder_that_holds_the_settings(tmp_path):
    conversation = stage(tmp_path, lines()).open()
    conversation.config = replace(conversation.config, project=tmp_path)
    done = await run_command(conversation, "/trust")
    assert done.text == f"{tmp_path} is trusted from the next session on"
    assert done.action is not None
    assert done.action.kind == "trust"
