"""A long history that nobody has counted is counted by the provider before it goes out; nothing waits long for that."""

import asyncio
from dataclasses import dataclass, field

import pytest

from omg.agent import counting
from omg.core.usage import Usage
from omg.provider.protocol import Call, ProviderError
from tests.scripted import Says, Scripted, failure, lines, stage

LONG = "first " + "a few words that are many together " * 900
COUNTS = {"counts_tokens": True, "minimum": 512}


@dataclass
class Counter(Scripted):
    """Counts what it is asked to; or fails, or never answers."""

    tokens: int = 7_777
    fails: ProviderError | None = None
    silent: bool = False
    asked: list[bytes] = field(default_factory=list)

    async def count_tokens(self, call: Call) -> int:
        self.asked.append(call.body)
        if self.silent:
            await asyncio.Event().wait()
        if self.fails is not None:
            raise self.fails
        return self.tokens


def counted(tmp_path, setup=None, **values):
    on = stage(tmp_path, lines(), setup=COUNTS if setup is None else setup)
    on.provider = Counter(lines(), **values)
    return on, on.open()


def predicted(conversation) -> int:
    return next(reversed(conversation.tree.requests.values())).logged.predicted.input


async def test_a_long_first_message_goes_out_as_the_provider_counts_it(tmp_path):
    on, conversation = counted(tmp_path)
    assert (await conversation.say(LONG)).stop == "end_turn"
    assert predicted(conversation) == 7_777
    (asked,) = on.provider.asked
    assert b"cache_control" not in asked and b"max_tokens" not in asked and LONG.strip().encode() in asked
    await conversation.say("second")
    assert len(on.provider.asked) == 1, "what is billed counts from then on"


async def test_what_is_billed_replaces_what_was_told(tmp_path):
    on, conversation = counted(tmp_path)
    on.provider.script = lambda sent: Says("ok", usage=Usage(write_5m=8_000))
    await conversation.say(LONG)
    holdings, branch = conversation.agent.runtime.holdings, conversation.tree.branches["main"]
    assert holdings.tokens(branch.head, branch.tip.parent) == 8_000


async def test_another_models_count_of_the_same_history_is_asked_for(tmp_path):
    on, conversation = counted(tmp_path)
    await conversation.say(LONG)
    conversation.set_model("claude-sonnet-5-5")
    await conversation.say("second")
    assert len(on.provider.asked) == 2 and b"claude-sonnet-5-5" in on.provider.asked[1]
    assert predicted(conversation) == 7_777


@pytest.mark.parametrize(("setup", "words"), [({"minimum": 512}, LONG), (COUNTS, "first")])
async def test_nobody_is_asked_where_that_cannot_be_or_is_not_worth_it(tmp_path, setup, words):
    on, conversation = counted(tmp_path, setup)
    await conversation.say(words)
    assert on.provider.asked == []


@pytest.mark.parametrize(("failed", "again"), [(failure("refused"), 1), (failure("limited"), 2)])
async def test_an_error_is_harmless_and_who_counts_nothing_is_asked_once(tmp_path, failed, again):
    on, conversation = counted(tmp_path, fails=failed)
    assert (await conversation.say(LONG)).stop == "end_turn"
    assert predicted(conversation) > 4_000
    conversation.set_model("claude-sonnet-5-5")
    await conversation.say("second")
    assert len(on.provider.asked) == again


async def test_no_answer_holds_a_request_for_a_moment_only(tmp_path, monkeypatch):
    monkeypatch.setattr(counting, "PATIENCE", 0.01)
    on, conversation = counted(tmp_path, silent=True)
    assert (await conversation.say(LONG)).stop == "end_turn"
    assert len(on.provider.sent) == 1
