"""What is attached to words: sealed as blocks right before them, replayed as it was, and handed back with them."""

import asyncio
from base64 import b64decode

import pytest

from omg.agent.cold import take
from omg.agent.schedule import Decision
from omg.core.events import TurnEnded, UserSaid
from omg.core.spoken import Image, Pasted, Spoken
from omg.session.past import Said, said
from omg.session.verify import verify
from tests.pictures import png
from tests.scripted import Says, failure, lines, stage, until
from tests.summaries import summarising

PICTURE = Image("plan.png", "image/png", png(), 3, 2)
AGAIN = Image("image", "image/png", png(), 3, 2)
"""What the bytes alone tell of it."""
TEXT = Pasted("a\nlong\ntext")


async def test_attachments_are_blocks_right_before_the_words(tmp_path):
    on = stage(tmp_path, lines())
    conversation = on.open()
    conversation.notes.append("a note")
    await conversation.say("what is this?", [TEXT, PICTURE])
    note, text, image, words = on.provider.sent[0].newest
    assert (note["text"], text["text"], words["text"]) == ("a note", TEXT.text, "what is this?")
    assert (image["type"], image["source"]["media_type"]) == ("image", "image/png")
    assert b64decode(image["source"]["data"]) == PICTURE.data
    assert on.seen(UserSaid)[0].attached == ("pasted 3 lines", "plan.png 3×2")


async def test_they_can_go_without_words_and_blank_text_does_not_go(tmp_path):
    on = stage(tmp_path, lines())
    conversation = on.open()
    await conversation.say("", [Pasted(" \n"), PICTURE])
    assert [block["type"] for block in on.provider.sent[0].newest] == ["image"]
    assert said(conversation.tree, conversation.tree.branches["main"], 3)[0][0] == Said("words", "[image 3×2]")


async def test_they_are_replayed_as_they_were_sealed(tmp_path):
    on = stage(tmp_path, lines())
    conversation = on.open()
    await conversation.say("what is this?", [PICTURE])
    await conversation.close()
    again = on.again()
    await again.say("and now?")
    assert on.provider.sent[1].blocks("image") == on.provider.sent[0].blocks("image")
    assert on.provider.illegal == []
    assert verify(again.tree).problem is None
    assert said(again.tree, again.tree.branches["main"], 3)[0][0].text == "what is this?\n[image 3×2]"


@pytest.mark.parametrize("words", ["what is this?", ""])
async def test_what_is_refused_is_handed_back_whole(tmp_path, words):
    on = stage(tmp_path, lambda _: Says(refused=failure("refused")))
    await on.open().say(words, [TEXT, PICTURE])
    ended = on.seen(TurnEnded)[0]
    assert (ended.draft, ended.attachments) == (words or None, (TEXT, AGAIN))
    assert "attachments" not in ended.to_json("s")


async def test_before_it_has_begun_it_is_handed_back_as_it_was(tmp_path):
    on = stage(tmp_path, lines())
    conversation = on.open()
    turn = asyncio.ensure_future(conversation.say("first", [PICTURE]))
    while not conversation.busy:
        await asyncio.sleep(0)
    conversation.agent.interrupt()
    await turn
    assert on.seen(TurnEnded)[-1].attachments == (PICTURE,)


async def test_a_crash_hands_it_back(tmp_path):
    on = stage(tmp_path, lines())
    conversation = on.open()
    await conversation.say("first", [PICTURE])
    await conversation.close()
    log = on.log.read_bytes()
    on.log.write_bytes(log[: log.rindex(b"\n", 0, log.index(b'"kind":"request"')) + 1])
    assert on.again().draft == Spoken("first", (AGAIN,))


async def test_a_steer_takes_them_into_the_turn_under_way(tmp_path):
    on = stage(tmp_path, lines(first=[Says(calls=(("hold", {"name": "gate"}),)), Says("done")]))
    conversation = on.open()
    turn = asyncio.ensure_future(conversation.say("first"))
    await until(lambda: on.hold.begun)
    conversation.agent.steer("main", "look", [PICTURE])
    on.hold.gate("gate").set()
    await turn
    assert [block["type"] for block in on.provider.sent[1].newest] == ["tool_result", "image", "text"]
    assert verify(conversation.tree).problem is None


async def test_a_log_from_before_attachments_loads(tmp_path):
    on = stage(tmp_path, lines())
    conversation = on.open()
    await conversation.say("first")
    await conversation.close()
    old = on.log.read_bytes().replace(b',"attached":0', b"")
    assert old != on.log.read_bytes()
    on.log.write_bytes(old)
    assert (await on.again().say("second")).stop == "end_turn"


async def folded(conversation):
    agent = conversation.agent
    await agent.compactor.fold(agent.live("main"), Decision("fold", "a test wants it"))


async def pruned(conversation):
    await take(conversation.agent.runtime, conversation.agent.live("main"), "pruned")


async def another_model(conversation):
    conversation.set_model("claude-sonnet-5-5")


@pytest.mark.parametrize("words", ["what is this?", ""])
@pytest.mark.parametrize("changed", [folded, pruned, another_model])
async def test_in_a_new_epoch_they_are_shown_as_before(tmp_path, words, changed):
    long = Says("thinking aloud", thinking="hm", calls=(("shell", {"command": "yes | head -9000"}),))
    on = stage(tmp_path, summarising(lines(loud=[long, Says("done")])), mode="all")
    conversation = on.open()
    await conversation.say("loud")
    for more in ("one", "two"):
        await conversation.say(more)
    await conversation.say(words, [TEXT, PICTURE])
    before = said(conversation.tree, conversation.tree.branches["main"], 1)
    await changed(conversation)
    main = conversation.tree.branches["main"]
    assert main.epoch == 2
    assert said(conversation.tree, main, 1)[0] == before[0]
    await conversation.close()
    again = on.again()
    assert said(again.tree, again.tree.branches["main"], 1)[0] == before[0]
