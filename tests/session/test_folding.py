"""`/compact` and `/from`: what they tell, what they do, and a COMPACT.md of one's own."""

import asyncio
import os

import pytest

from omg.core.events import Compacted, Notice
from omg.core.trouble import Trouble
from omg.session.brief import MOST
from omg.session.commands import run_command
from omg.session.verify import verify
from tests.scripted import Says, lines, stage, until
from tests.summaries import summarising


def main_of(conversation):
    return conversation.tree.branches["main"]


async def talked(on, count=3):
    conversation = on.open()
    for number in range(count):
        await conversation.say(f"words {number}")
    return conversation


async def test_compact_tells_its_price_and_folds_while_nobody_waits(tmp_path):
    on = stage(tmp_path, summarising(lines()))
    conversation = await talked(on)
    done = await run_command(conversation, "/compact")
    assert done.text.startswith("folding the history: predicted $")
    await until(lambda: main_of(conversation).epoch == 2)
    assert [event.phase for event in on.seen(Compacted)] == ["writes", "done"]
    await conversation.say("and on")
    assert verify(conversation.tree).problem is None


async def test_compact_waits_for_forks_and_now_does_not(tmp_path):
    on = stage(tmp_path, summarising(lines(task=[Says(calls=(("hold", {"name": "x"}),)), Says("found")])))
    conversation = await talked(on)
    conversation.agent.fork(["task"])
    await until(lambda: on.hold.begun)
    done = await run_command(conversation, "/compact")
    assert "when a has ended" in done.text and "/compact now does not wait" in done.text
    assert main_of(conversation).epoch == 1
    done = await run_command(conversation, "/compact now")
    await conversation.agent.compactor.close()
    conversation.agent.compactor.turn_ended(conversation.agent.live("main"))
    await until(lambda: main_of(conversation).epoch == 2)
    on.hold.gate("x").set()
    await until(lambda: main_of(conversation).pending == ["a"])
    await conversation.close()


async def test_compact_while_main_works_folds_when_the_step_is_done(tmp_path):
    hold = [Says(calls=(("hold", {"name": "x"}),)), Says("held")]
    on = stage(tmp_path, summarising(lines(slow=hold)))
    conversation = await talked(on)
    turn = asyncio.ensure_future(conversation.say("slow"))
    await until(lambda: on.hold.begun)
    assert (await run_command(conversation, "/compact")).text.startswith("folded when this step is done")
    on.hold.gate("x").set()
    await turn
    assert main_of(conversation).epoch == 2
    assert verify(conversation.tree).problem is None


async def test_where_there_is_nothing_to_fold_that_is_told(tmp_path):
    on = stage(tmp_path, summarising(lines()))
    conversation = on.open()
    with pytest.raises(Trouble, match="nothing to fold yet"):
        await run_command(conversation, "/compact")
    await conversation.say("words")
    await run_command(conversation, "/compact")
    await until(lambda: main_of(conversation).epoch == 2)
    with pytest.raises(Trouble, match="nothing has been said since"):
        await run_command(conversation, "/compact")
    with pytest.raises(Trouble, match="say /compact, or /compact now"):
        await run_command(conversation, "/compact then")


async def test_from_lists_the_ways_and_takes_one_and_switch_goes_back(tmp_path):
    on = stage(tmp_path, summarising(lines()))
    conversation = on.open()
    with pytest.raises(Trouble, match="nothing to go on with"):
        await run_command(conversation, "/from")
    await conversation.say("words")
    conversation.agent.anchor("here")
    await conversation.say("more words")
    live = conversation.agent.live("main")
    await conversation.agent.compactor.draft(live, "the cache ends soon")
    told = (await run_command(conversation, "/from")).text
    assert [line.split()[1] for line in told.splitlines()[1:]] == ["all", "summary", "@here"]
    with pytest.raises(Trouble, match="no such way: all, summary, @here"):
        await run_command(conversation, "/from nowhere")
    old = main_of(conversation).tip
    await run_command(conversation, "/from summary")
    assert main_of(conversation).epoch == 2
    await run_command(conversation, "/switch 1")
    assert main_of(conversation).tip is old


UNUSABLE = {
    "empty": (lambda path: path.write_text(" \n"), "it is empty"),
    "binary": (lambda path: path.write_bytes(b"\xff\xfe\x00"), "no UTF-8 text"),
    "with zeros": (lambda path: path.write_bytes(b"a\0b"), "it is no text"),
    "huge": (lambda path: path.write_text("x" * (MOST + 1)), "may have 40,000"),
    "a folder": (lambda path: path.mkdir(), "is a folder"),
    "a pipe": (os.mkfifo, "no regular file"),
}


@pytest.mark.parametrize("kind", UNUSABLE)
async def test_a_compact_file_that_cannot_be_used_is_told_once_and_the_next_is_taken(tmp_path, kind):
    make, why = UNUSABLE[kind]
    on = stage(tmp_path, summarising(lines()))
    (on.folder / ".omg").mkdir()
    make(on.folder / ".omg" / "COMPACT.md")
    on.home.mkdir()
    (on.home / "COMPACT.md").write_text("Mind the tides.")
    conversation = await talked(on)
    for epoch in (2, 3):
        await run_command(conversation, "/compact")
        await until(lambda wanted=epoch: main_of(conversation).epoch == wanted)
        await conversation.say("more")
    told = [event.text for event in on.seen(Notice) if "COMPACT.md" in event.text]
    assert len(told) == 1 and why in told[0] and "is not used" in told[0]
    assert all("Mind the tides." in sent.words for sent in on.provider.of("<compact>"))


async def test_a_compact_file_without_headings_demands_no_section(tmp_path):
    on = stage(tmp_path, summarising(lines(), lambda sent: Says("words, and no more")))
    (on.folder / ".omg").mkdir()
    (on.folder / ".omg" / "COMPACT.md").write_text("Keep it short.")
    conversation = await talked(on)
    await run_command(conversation, "/compact")
    await until(lambda: main_of(conversation).epoch == 2)
    assert not [event for event in on.seen(Notice) if "COMPACT.md" in event.text]
