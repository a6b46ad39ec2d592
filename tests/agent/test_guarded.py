"""Nothing leaves that does not extend what was sent: the request is refused, and the words come back."""

from dataclasses import replace

import pytest

from omg.core.events import TurnEnded
from omg.session.verify import verify
from omg.wire.chain import path
from tests.scripted import Says, lines, stage


def alter(conversation, place):
    """Change one letter of a sealed message, as a bug would."""
    node = path(conversation.tree.branches["main"].tip)[place]
    body = node.message.body.replace(b"one", b"two").replace(b"second", b"third_")
    assert body != node.message.body
    assert len(body) == len(node.message.body)
    object.__setattr__(node.message, "body", body)


@pytest.mark.parametrize("place", [1, 2, 3], ids=["a reply", "words", "the newest reply that was sent"])
async def test_a_history_that_was_altered_is_not_sent(tmp_path, place):
    on = stage(tmp_path, lines(first=Says("one"), second=Says("one more"), again=Says("and one")))
    conversation = on.open()
    for words in ("first", "second", "again"):
        await conversation.say(words)
    alter(conversation, place)
    outcome = await conversation.say("fourth")
    assert outcome.stop == "error"
    assert "refused to send" in outcome.error
    assert f"messages[{place}]" in outcome.error
    assert len(on.provider.sent) == 3
    assert on.seen(TurnEnded)[-1].draft == "fourth"


@pytest.mark.parametrize("place", [1, 3])
async def test_after_a_restart_what_the_log_renders_to_must_be_what_was_sent(tmp_path, place):
    on = stage(tmp_path, lines(first=Says("one"), second=Says("one more"), again=Says("and one")))
    conversation = on.open()
    for words in ("first", "second", "again"):
        await conversation.say(words)
    await conversation.close()
    again = on.again()
    alter(again, place)
    assert "of branch main" in verify(again.tree).problem
    outcome = await again.say("fourth")
    assert outcome.stop == "error"
    assert "request 3 of branch main" in outcome.error
    assert len(on.provider.sent) == 3
    assert on.seen(TurnEnded)[-1].draft == "fourth"


async def test_another_head_in_the_same_epoch_is_not_sent(tmp_path):
    on = stage(tmp_path, lines())
    conversation = on.open()
    await conversation.say("first")
    branch = conversation.tree.branches["main"]
    branch.head = replace(branch.head, body=branch.head.body.replace(b"agent", b"robot"))
    outcome = await conversation.say("second")
    assert "head field system" in outcome.error
    assert len(on.provider.sent) == 1
