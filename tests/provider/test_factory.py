import json

import pytest

from omg.provider.factory import build_provider
from omg.provider.offline.serve import Server
from omg.provider.profiles import choose
from omg.provider.protocol import Began, Call, Ended, Provider, ProviderError, TextDelta

ASK = {"model": "claude-opus-5-5", "max_tokens": 400, "stream": True}


def call(words: str, **fields: object) -> Call:
    messages = [{"role": "user", "content": [{"type": "text", "text": words}]}]
    return Call((json.dumps({**ASK, "messages": messages, **fields}).encode(),))


async def run(provider: Provider, asked: Call) -> tuple[Began, str, Ended]:
    events = [event async for event in provider.stream(asked)]
    await provider.close()
    began, *deltas, ended = events
    assert isinstance(began, Began)
    assert isinstance(ended, Ended)
    return began, "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)), ended


async def test_offline_answers_in_process_through_the_same_sdk() -> None:
    provider = build_provider(choose(None, {}), delay=0)
    provider.warm_up()
    assert provider.endpoint == "offline"
    began, said, ended = await run(provider, call("What are you?"))
    assert said == ended.blocks[0]["text"] != ""
    assert (ended.stop_reason, began.organisation is not None) == ("end_turn", True)


async def test_served_on_loopback_it_answers_the_same() -> None:
    server = Server(0, delay=0)
    there = await run(build_provider(choose(None, {"ANTHROPIC_BASE_URL": server.url})), call("What are you?"))
    server.close()
    here = await run(build_provider(choose(None, {}), delay=0), call("What are you?"))
    assert there[1] == here[1]
    assert there[2] == here[2]


async def test_a_prewarm_goes_through_the_same_protocol() -> None:
    _, said, ended = await run(build_provider(choose(None, {})), call("x", max_tokens=0, stream=False))
    assert (said, ended.blocks, ended.stop_reason, ended.usage.output) == ("", (), "max_tokens", 0)


async def test_what_the_offline_api_refuses_is_refused_in_its_words() -> None:
    provider = build_provider(choose("offline", {}))
    with pytest.raises(ProviderError, match="text content blocks must be non-empty") as refused:
        await run(provider, call(""))
    assert (refused.value.failure, refused.value.status) == ("refused", 400)
