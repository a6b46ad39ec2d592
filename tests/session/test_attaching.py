"""Images on their way out: their price is told and foretold, asked above the limit; what does not fit comes back."""

import asyncio

import pytest

from omg.agent.runtime import Limits
from omg.cache.mirror import Mirror
from omg.core.events import CacheMissed, Notice, Requested, TurnEnded, Used
from omg.core.spoken import Image, Spoken
from omg.session import attaching
from omg.session.turns import Turns
from omg.session.verify import verify
from tests.pictures import png
from tests.scripted import Person, Says, lines, stage, until

PICTURE = Image("plan.png", "image/png", png(), 3, 2)
WORDS = "a long question " * 2000


@pytest.fixture
def there(tmp_path):
    """A provider that bills by the published rules, and a history that it holds."""
    on = stage(tmp_path, lines(), setup={"minimum": 512})
    on.provider.mirror = Mirror()
    return on


async def test_the_first_image_loses_what_was_held_of_the_messages_as_foretold(there):
    conversation = there.open()
    await conversation.say(WORDS)
    await conversation.say("and now this", [PICTURE])
    foretold, billed = there.seen(Requested)[-1].usage, there.seen(Used)[-1].usage
    assert billed.read < 2_000 < 8_000 < billed.written
    assert foretold.read == billed.read
    assert "the first image" in there.seen(CacheMissed)[-1].cause
    await conversation.say("and again", [PICTURE])
    assert there.seen(Requested)[-1].usage.read == there.seen(Used)[-1].usage.read > 8_000
    assert len(there.seen(CacheMissed)) == 1
    assert verify(conversation.tree).problem is None


async def test_its_price_is_told_before(there):
    conversation = there.open()
    await conversation.say(WORDS, [])
    before = len(there.seen(Notice))
    await conversation.say("look", [PICTURE])
    (notice,) = there.seen(Notice)[before:]
    assert "the first image is a new key for all messages" in notice.text
    assert "$" in notice.text
    assert there.events.index(notice) < there.events.index(there.seen(Requested)[-1])
    await conversation.say("look again", [PICTURE])
    assert len(there.seen(Notice)) == before + 1


async def test_above_the_limit_it_is_asked_and_a_no_hands_all_back(there):
    there.asker, there.limits = Person(), Limits(confirm_usd=0.0001)
    conversation = there.open()
    await conversation.say(WORDS)
    turn = asyncio.ensure_future(conversation.say("look", [PICTURE]))
    await until(lambda: there.asker.questions)
    assert there.asker.questions[0].cost.usd > 0.0001
    there.asker.answers(0, "no")
    assert (await turn).stop == "interrupted"
    ended = there.seen(TurnEnded)[-1]
    assert (ended.draft, ended.attachments) == ("look", (PICTURE,))
    assert len(there.provider.sent) == 1


async def test_an_image_in_the_first_message_costs_nothing_beside_itself(there):
    await there.open().say("look", [PICTURE])
    assert not any("image" in notice.text for notice in there.seen(Notice))


async def test_what_the_provider_would_refuse_beside_many_is_handed_back(there, monkeypatch):
    monkeypatch.setattr(attaching, "images_in", lambda node: 20)
    conversation = there.open()
    large = Image("large.png", "image/png", png(), 3000, 2)
    assert (await conversation.say("look", [large])).stop == "interrupted"
    assert "2000 pixels" in there.seen(Notice)[-1].text
    assert there.seen(TurnEnded)[-1].attachments == (large,)
    assert there.provider.sent == []


async def test_a_large_image_is_no_large_text(there):
    conversation = there.open()
    noise = png(1200, 900)
    image = Image("plan.png", "image/png", noise + bytes(1_000_000), 1200, 900)
    await conversation.say("look", [image])
    assert there.seen(Requested)[-1].usage.input < 8_000


async def test_an_image_that_is_to_steer_waits_for_the_next_turn(tmp_path):
    on = stage(tmp_path, lines(first=[Says(calls=(("hold", {"name": "gate"}),)), Says("done")]))
    conversation = on.open()
    turns = Turns(conversation, lambda: None, lambda said: None, lambda error: None)
    turns.say("first")
    await until(lambda: on.hold.begun)
    turns.steer("look", [PICTURE])
    assert turns.queued == [Spoken("look", (PICTURE,))]
    on.hold.gate("gate").set()
    await turns.idle()
    assert [block["type"] for block in on.provider.sent[-1].newest] == ["image", "text"]
