"""Each rule, varied both ways at the server, is found by the probe."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

import pytest

from omg.cache.mirror import quarter
from omg.cache.rules import CacheRules, RuleOverrides
from omg.core.usage import TTL_SECONDS
from omg.provider.messages import MessagesProvider
from omg.provider.offline.api import OfflineApp
from omg.provider.offline.serve import Server
from omg.provider.probe.ask import Target
from omg.provider.probe.waiting import LONG_SEEN_AT, REFRESH_SEEN_AT
from omg.provider.profiles import PROFILES
from omg.provider.protocol import Call, StreamEvent
from omg.provider.sdk import SdkTransport
from tests.provider.probe.varied import MODEL, Hands, RefusesZero, VariedMirror, knows, probed, says, target, varied


def words(block: bytes) -> int:
    """Another tokenizer: a token for each word and each sign."""
    return len(block.replace(b" ", b"").split(b'"')) + block.count(b" ")


@pytest.mark.parametrize("count", [quarter, len, words])
@pytest.mark.parametrize("tokens", [130, 256, 512, 700, 1024, 2048, 3000, 4096])
async def test_the_minimum(tokens: int, count: Callable[[bytes], int]) -> None:
    hands = Hands()
    told = await probed(varied(hands, VariedMirror(CacheRules(minimums={MODEL: tokens}), count)), hands)
    found = told.values["minimum"]
    assert isinstance(found, int)
    assert abs(found - tokens) <= tokens * 0.08
    if tokens in (256, 512, 1024, 2048, 4096):
        assert found == tokens


async def test_a_minimum_out_of_reach_cannot_be_told() -> None:
    hands = Hands()
    told = await probed(varied(hands, VariedMirror(CacheRules(minimums={MODEL: 9000}))), hands)
    assert told.values["minimum"] is None
    assert "not even" in told.answers["minimum"].said


@pytest.mark.parametrize("collapse", [False, True])
@pytest.mark.parametrize("positions", [3, 10, 19, 20, 21, 40])
async def test_the_look_back_and_its_unit(positions: int, collapse: bool) -> None:
    hands = Hands()
    rules = CacheRules(lookback=positions, collapse_tool_runs=collapse)
    told = await probed(varied(hands, VariedMirror(rules)), hands)
    assert (told.values["lookback"], told.values["collapse_tool_runs"]) == (positions, collapse)


async def test_a_look_back_without_end_or_of_nothing_cannot_be_told() -> None:
    for positions in (1, 1000):
        hands = Hands()
        told = await probed(varied(hands, VariedMirror(CacheRules(lookback=positions))), hands)
        assert (told.values["lookback"], told.values["collapse_tool_runs"]) == (None, None)


@pytest.mark.parametrize(("settle", "found"), [(0.0, 0.0), (0.3, 0.5), (1.0, 1.5), (3.0, 4.0), (9.0, 10.0)])
async def test_when_what_was_written_can_be_read(settle: float, found: float) -> None:
    hands = Hands()
    told = await probed(varied(hands, VariedMirror(CacheRules(), settle=settle)), hands)
    assert told.values["settle_seconds"] == pytest.approx(found)
    assert told.values["lookback"] == 20  # later questions let that time pass


async def test_readable_at_message_start_is_only_sure_while_the_first_reply_streams() -> None:
    hands = Hands()
    told = await probed(varied(hands, VariedMirror(CacheRules())), hands)
    assert (told.values["settle_seconds"], told.answers["settle_seconds"].sure) == (0.0, "high")

    class Late:
        """Sends each request a little late, so that the leader has ended by then."""

        def __init__(self) -> None:
            self.provider = varied(hands, VariedMirror(CacheRules()))
            self.endpoint, self.warm_up, self.close = "offline", self.provider.warm_up, self.provider.close

        async def stream(self, call: Call) -> AsyncGenerator[StreamEvent, None]:
            await asyncio.sleep(0.02)
            async for event in self.provider.stream(call):
                yield event

    told = await probed(Late(), hands)
    assert (told.values["settle_seconds"], told.answers["settle_seconds"].sure) == (0.0, "medium")


async def test_what_stays_unreadable_cannot_be_told() -> None:
    hands = Hands()
    told = await probed(varied(hands, VariedMirror(CacheRules(), settle=60.0)), hands)
    assert told.values["settle_seconds"] is None


async def test_max_tokens_zero() -> None:
    for zero_writes, found in ((True, "writes"), (False, "writes nothing")):
        hands = Hands()
        told = await probed(varied(hands, VariedMirror(CacheRules(), zero_writes=zero_writes)), hands)
        assert told.values["prewarm"] == found
    hands = Hands()
    told = await probed(varied(hands, VariedMirror(CacheRules()), RefusesZero), hands)
    assert told.values["prewarm"] == "refused"
    assert "greater than or equal to 1" in told.answers["prewarm"].said


@pytest.mark.parametrize("short", [True, False])
@pytest.mark.parametrize("marked", [True, False])
async def test_what_only_waiting_can_tell(marked: bool, short: bool) -> None:
    hands = Hands()
    mirror = VariedMirror(CacheRules(refreshes_marked=marked), short_refreshes_long=short)
    told = await probed(varied(hands, mirror), hands, wait=True)
    assert (told.values["refreshes_marked"], told.values["short_read_refreshes_long"]) == (marked, short)
    assert sum(hands.slept) == pytest.approx(REFRESH_SEEN_AT + LONG_SEEN_AT)


async def test_without_being_told_to_wait_it_does_not() -> None:
    hands = Hands()
    told = await probed(varied(hands, VariedMirror(CacheRules())), hands)
    assert "refreshes_marked" not in told.values
    assert "65 minutes" in told.left_out["a 5m read refreshes a 1h entry"]
    assert sum(hands.slept) < 10


@pytest.mark.parametrize(("name", "ttl"), [("refreshes_marked", "5m"), ("short_read_refreshes_long", "1h")])
async def test_entries_that_outlive_their_time_tell_nothing(name: str, ttl: str) -> None:
    hands = Hands()
    rules = CacheRules(ttl_seconds={**TTL_SECONDS, ttl: 100_000})  # type: ignore[dict-item]
    told = await probed(varied(hands, VariedMirror(rules)), hands, wait=True)
    assert told.values[name] is None
    assert "that nobody read was still there" in told.answers[name].said


@pytest.mark.parametrize(("name", "wait"), [("refreshes_marked", 180), ("short_read_refreshes_long", 600)])
async def test_a_machine_that_slept_tells_nothing(name: str, wait: int) -> None:
    class Slept(Hands):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds + (7000 if seconds == wait else 0))

    hands = Slept()
    told = await probed(varied(hands, VariedMirror(CacheRules())), hands, wait=True)
    assert told.values[name] is None
    assert "must stay awake" in told.answers[name].said


async def test_without_1h_entries_nothing_is_asked_about_them() -> None:
    hands = Hands()
    to = replace(target(), ttls=("5m",))
    told = await probed(varied(hands, VariedMirror(CacheRules())), hands, to=to, wait=True)
    assert "no 1h entries" in told.left_out["a 5m read refreshes a 1h entry"]


async def test_what_is_known_comes_last() -> None:
    hands = Hands()
    known = knows(minimum=512, settle_seconds=0.0, prewarm="writes")
    told = await probed(varied(hands, VariedMirror(CacheRules())), hands, known=known)
    assert list(told.values) == ["lookback", "collapse_tool_runs", "minimum", "settle_seconds", "prewarm"]
    assert None not in told.values.values()


async def test_a_second_run_is_not_helped_by_the_first() -> None:
    hands = Hands()
    provider = varied(hands, VariedMirror(CacheRules()))
    first, second = [await probed(provider, hands, nonce=nonce) for nonce in ("one", "two")]
    assert first.values == second.values
    assert None not in second.values.values()


async def test_the_same_nonce_again_is_noticed_and_never_misread() -> None:
    hands = Hands()
    provider = varied(hands, VariedMirror(CacheRules()))
    await probed(provider, hands)
    again = await probed(provider, hands)
    assert again.values["minimum"] is None
    assert "reported as read" in again.answers["minimum"].said


async def test_over_loopback_through_the_sdk() -> None:
    hands = Hands()
    rules = CacheRules(minimums={MODEL: 1024}, lookback=12, collapse_tool_runs=True)
    mirror = VariedMirror(rules, settle=1.0)
    server = Server(0, app=OfflineApp(lambda: hands.now, mirror=mirror, delay=0.001, answer=says))
    provider = MessagesProvider(SdkTransport(server.url), PROFILES["anthropic"], server.url)
    try:
        told = await probed(provider, hands, to=Target(server.url, MODEL, target().prices), wait=True)
    finally:
        await provider.close()
        server.close()
    assert told.values == {
        "minimum": 1024,
        "settle_seconds": pytest.approx(1.5),
        "prewarm": "writes",
        "lookback": 12,
        "collapse_tool_runs": True,
        "refreshes_marked": True,
        "short_read_refreshes_long": True,
    }


async def test_findings_override_the_published_rules() -> None:
    found = knows(minimum=2048, lookback=12, collapse_tool_runs=True, refreshes_marked=False)
    rules = found.applied(CacheRules(), "anthropic/claude-opus-5.5")
    assert (rules.lookback, rules.collapse_tool_runs, rules.refreshes_marked) == (12, True, False)
    assert (rules.minimum_for("claude-opus-5-5"), rules.minimum_for("claude-opus-4-6")) == (2048, 4096)
    assert RuleOverrides().applied(CacheRules(), "m").lookback == 20
    assert knows(minimum=1).over(knows(minimum=2, lookback=3)) == knows(minimum=1, lookback=3)
