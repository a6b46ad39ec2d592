"""Which ttl the messages of each branch go out with, and that every order of them is one the API takes."""

import json
import re

import pytest

from omg.agent.runtime import Limits, ModelSetup, Rules
from omg.cache.plan import Ttls
from omg.core.catalog import load_catalog
from omg.provider.factory import build_provider
from omg.provider.profiles import choose
from omg.session import accounts
from omg.session.config import Config
from omg.session.opening import open_new
from omg.session.verify import verify
from tests.agent.test_keep_warm import LONG, Time, kept, settle

MARKER = re.compile(rb'"cache_control":\{"type":"ephemeral","ttl":"(5m|1h)"\}')


def ttls(sent) -> tuple[str, list[str]]:
    """The ttl of the head, and those of the messages."""
    head, *messages = [found.decode() for found in MARKER.findall(sent.body)]
    return head, sorted(set(messages))


async def talked(on):
    """A turn of main, a fork, and another turn: the three first requests of each."""
    conversation = on.open()
    await conversation.say(LONG)
    await conversation.agent.forks.wait(conversation.agent.fork(["look"]))
    await conversation.say("and now")
    assert on.provider.illegal == []
    assert verify(conversation.tree).problem is None
    return [ttls(sent) for sent in on.provider.sent]


@pytest.mark.parametrize(
    ("values", "main", "child"),
    [
        ({"typed": True, "ttl": None}, "1h", "5m"),
        ({"typed": False, "ttl": None}, "5m", "5m"),
        ({"typed": True, "ttl": "5m"}, "5m", "5m"),
        ({"typed": False, "ttl": "1h"}, "1h", "1h"),
    ],
)
async def test_by_who_works_there_and_what_is_set(tmp_path, values, main, child):
    """A fork's messages live as long as a child's; its fork point for an hour, where that costs next to nothing."""
    point = {"1h"} if values["ttl"] != "5m" else set()
    assert await talked(kept(tmp_path, **values)) == [("1h", [main]), ("1h", sorted({child} | point)), ("1h", [main])]


@pytest.mark.parametrize("ttl", [None, "1h"])
async def test_an_endpoint_that_knows_five_minutes_alone_is_asked_for_no_more(tmp_path, ttl):
    on = kept(tmp_path, ttl=ttl)
    on.setup["ttls"] = Ttls("5m", "5m")
    assert await talked(on) == [("5m", ["5m"])] * 3


async def test_an_endpoint_without_markers_gets_none(tmp_path):
    on = kept(tmp_path, ttl=None)
    on.setup["ttls"] = None
    conversation = on.open()
    await conversation.say("hello")
    await on.time.passes(10_000)
    assert b"cache_control" not in on.provider.sent[0].body
    assert on.provider.pings == []


async def test_a_history_decides_anew_for_each_turn_and_the_bytes_stay(tmp_path):
    on = kept(tmp_path, ttl=None)
    on.home.mkdir()
    (on.home / "gaps.json").write_text(json.dumps({"gaps": [60.0] * 7}))
    conversation = on.open()
    await conversation.say(LONG)  # seven gaps are too few
    await on.time.passes(20)
    await conversation.say("again")  # with this one they tell of somebody who answers at once
    assert [ttls(sent)[1] for sent in on.provider.sent] == [["1h"], ["5m"]]
    assert on.provider.illegal == []
    assert verify(conversation.tree).problem is None
    first, second = accounts.lines(conversation.tree)
    assert second.usage.read == first.usage.input  # a read asks for no ttl


async def test_the_embedded_provider_takes_a_ping(tmp_path):
    setup = ModelSetup("claude-opus-5-5", 32_000, 200_000, 512, Ttls("1h", "5m"), ping_tokens=0)
    config = Config(
        home=tmp_path / "home",
        folder=tmp_path,
        catalog=load_catalog(),
        provider=build_provider(choose("offline", {}), delay=0),
        provider_name="offline",
        default_model=setup.model,
        setup_for=lambda model, effort: setup,
        rules=Rules("ask"),
        limits=Limits(),
        typed=True,
        ttl="5m",
    )
    (tmp_path / "story.txt").write_text(LONG)
    conversation = open_new(config)
    time = Time()
    conversation.agent.runtime.clock, conversation.warm.sleep = time.clock, time.sleep
    assert (await conversation.say("read story.txt")).stop == "end_turn"
    await time.passes(270)
    while conversation.warm.spent_usd == 0:
        await settle()
    turn, ping = conversation.tree.branches["main"].last_request, accounts.lines(conversation.tree)[-1]
    assert ping.purpose == "keep_alive"
    assert ping.usage == ping.predicted
    assert ping.usage.read == conversation.tree.requests[turn].settled.usage.input
    await conversation.close()
    assert verify(conversation.tree).problem is None
