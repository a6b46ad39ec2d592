"""The app by its keys: words, commands, forks, coming and going."""

import asyncio

from tests.scripted import Says, lines, stage
from tests.ui.tui.driving import driven

HOLD = Says("a moment", calls=(("hold", {"name": "gate"}),))


async def test_words_are_answered_on_the_page(tmp_path):
    async with driven(stage(tmp_path, lines(where=Says("In **one** place.")))) as desk:
        await desk.enter("where?")
        await desk.sees("In one place.")
        assert "› where?" in desk.page


async def test_what_was_typed_before_the_session_was_open_is_said_then(tmp_path):
    opened = asyncio.Event()
    there = stage(tmp_path, lines(where=Says("In one place.")))
    from omg.core.spoken import Spoken

    async with driven(there) as desk:
        talk = desk.app.desk.talk
        conversation, talk.conversation = talk.conversation, None
        talk.submit(Spoken("where?"))
        assert not there.provider.sent
        talk.adopt(conversation)
        await desk.sees("In one place.")
        opened.set()
