"""Between a person's turns main is kept warm by pings: when promised, never more, and with nothing changed by them."""

import asyncio
import json
import threading
from dataclasses import dataclass, field, replace

from omg.cache.mirror import Mirror
from omg.core.events import CacheMissed, Notice, Requested, Used
from omg.session import accounts
from omg.session.commands import run_command
from omg.session.verify import verify
from omg.wire.chain import Node
from omg.wire.request import Envelope, build
from omg.wire.seal import seal
from tests.scripted import Says, Scripted, Stage, failure, prefix

LONG = "A long story. " * 4000
START = 1_790_000_000.0


@dataclass
class Time:
    """Passes when it is told to."""

    now: float = START
    sleepers: list = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.get_running_loop().create_future()
        self.sleepers.append((self.now + seconds, woken))
        await woken

    async def passes(self, seconds: float) -> None:
        end = self.now + seconds
        await settle()
        while due := [entry for entry in self.sleepers if entry[0] <= end and not entry[1].done()]:
            first = min(due, key=lambda entry: entry[0])
            self.now = max(self.now, first[0])
            self.sleepers.remove(first)
            first[1].set_result(None)
            await settle()
        self.now = end

    def jumps(self, seconds: float) -> None:
        """The machine sleeps: the clock goes on, and whoever waits is woken by the first thing that happens."""
        self.now += seconds


async def settle():
    for _ in range(60):
        await asyncio.sleep(0)


@dataclass
class Timed(Scripted):
    """A provider that bills by the published rules, at the test's time."""

    time: Time = field(default_factory=Time)

    def _billed(self, body):
        billed = self.mirror.bill(body, now=self.time.now)
        self.mirror.begin(billed, self.time.now)
        return billed.usage

    @property
    def pings(self):
        return [sent for sent in self.sent if sent.request["max_tokens"] <= 1]


@dataclass
class Kept(Stage):
    typed: bool = True
    ttl: str | None = "5m"
    keep_warm: bool = True
    time: Time = field(default_factory=Time)

    def config(self, model=None):
        return replace(super().config(model), typed=self.typed, ttl=self.ttl, keep_warm=self.keep_warm)

    def _staged(self, conversation):
        super()._staged(conversation)
        conversation.agent.runtime.clock = self.time.clock
        conversation.warm.sleep = self.time.sleep
        return conversation

    @property
    def notices(self):
        return [event.text for event in self.seen(Notice)]


def kept(tmp_path, script=None, **values) -> Kept:
    """A stage with an empty home, whose provider answers every ping with nothing."""
    time = Time()
    answer = script or (lambda sent: Says("done"))
    provider = Timed(lambda sent: Says("") if sent.request["max_tokens"] <= 1 else answer(sent))
    provider.mirror, provider.time = Mirror(), time
    folder = tmp_path / "work"
    folder.mkdir(exist_ok=True)
    setup = {"minimum": 512, "ping_tokens": 0}
    return Kept(tmp_path / "home", folder, provider, setup=setup, time=time, **values)


def as_sent(body: bytes) -> bytes:
    """Head and messages of a body, markers included."""
    return body[: body.rindex(b'],"max_tokens":')]


async def test_a_ping_goes_before_the_entry_lapses_and_not_earlier(tmp_path):
    on = kept(tmp_path)
    conversation = on.open()
    await conversation.say(LONG)
    await on.time.passes(269)
    assert on.provider.pings == []
    await on.time.passes(1)
    assert len(on.provider.pings) == 1
    await on.time.passes(269)
    assert len(on.provider.pings) == 1
    await on.time.passes(1)
    assert len(on.provider.pings) == 2


async def test_a_ping_is_what_main_sent_last_to_the_byte_and_asks_for_nothing(tmp_path):
    on = kept(tmp_path)
    conversation = on.open()
    await conversation.say(LONG)
    await conversation.say("and more")
    last = on.provider.sent[-1]
    await on.time.passes(270)
    (ping,) = on.provider.pings
    assert as_sent(ping.body) == as_sent(last.body)
    assert (ping.request["max_tokens"], ping.request["stream"]) == (0, False)
    assert on.provider.illegal == []


async def test_it_reads_everything_writes_nothing_and_is_in_the_ledger(tmp_path):
    on = kept(tmp_path)
    conversation = on.open()
    await conversation.say(LONG)
    await on.time.passes(270)
    line = accounts.lines(conversation.tree)[-1]
    assert (line.branch, line.purpose) == ("main", "keep_alive")
    assert replace(line.usage, output=0) == line.predicted
    assert (line.usage.written, line.usage.plain) == (0, 0)
    assert line.usage.read == accounts.lines(conversation.tree)[0].usage.input
    assert [e.purpose for e in on.seen(Requested)] == ["turn", "keep_alive"]
    assert [e.purpose for e in on.seen(Used)] == ["turn", "keep_alive"]
    assert on.seen(CacheMissed) == []


async def test_after_a_long_gap_the_next_turn_still_reads_what_was_sent(tmp_path):
    on = kept(tmp_path)
    conversation = on.open()
    await conversation.say(LONG)
    await on.time.passes(1000)
    await conversation.say("back")
    before, *_, now = accounts.lines(conversation.tree)
    assert now.usage.read == now.predicted.read == before.usage.input


async def test_without_pings_it_would_have_been_lost(tmp_path):
    on = kept(tmp_path, keep_warm=False)
    conversation = on.open()
    await conversation.say(LONG)
    await on.time.passes(1000)
    await conversation.say("back")
    assert on.provider.pings == []
    assert accounts.lines(conversation.tree)[-1].usage.write_5m > 10_000


async def test_where_nobody_types_there_are_none(tmp_path):
    on = kept(tmp_path, typed=False)
    conversation = on.open()
    await conversation.say(LONG)
    await on.time.passes(10_000)
    assert on.provider.pings == []


async def test_nobody_is_waited_for_forever(tmp_path):
    on = kept(tmp_path)
    conversation = on.open()
    await conversation.say(LONG)
    await on.time.passes(100_000)
    assert [round(line.at - START) for line in accounts.lines(conversation.tree)[1:]] == [
        270 * n for n in range(1, 14)
    ]  # up to an hour, with no history


async def test_pings_never_cost_more_than_the_rewrite_they_save(tmp_path):
    on = kept(tmp_path)
    on.home.mkdir()
    (on.home / "gaps.json").write_text(json.dumps({"gaps": [100_000.0] * 8}))  # nobody stays away longer
    conversation = on.open()
    await conversation.say(LONG[:20_000])
    await settle()
    even = conversation.warm.warmth().even
    await on.time.passes(100_000)
    spent = sum(accounts.sums([line]).cost_usd for line in accounts.lines(conversation.tree)[1:])
    assert 3 < len(on.provider.pings) < 24
    assert even.rewrite_usd - even.ping_usd < spent <= even.rewrite_usd


async def test_messages_written_for_an_hour_are_pinged_before_the_hour_ends(tmp_path):
    on = kept(tmp_path, ttl=None)
    conversation = on.open()
    await conversation.say(LONG)
    assert b'"ttl":"5m"' not in on.provider.sent[0].body
    await on.time.passes(3239)
    assert on.provider.pings == []
    await on.time.passes(1)
    assert len(on.provider.pings) == 1


async def test_while_main_is_at_work_there_is_none(tmp_path):
    gate = asyncio.Event()
    on = kept(tmp_path, lambda sent: Says("done", before=gate if "second" in sent.words else None))
    conversation = on.open()
    await conversation.say(LONG)
    turn = asyncio.ensure_future(conversation.say("second"))
    while len(on.provider.sent) < 2:
        await asyncio.sleep(0.001)
    await on.time.passes(1000)
    assert on.provider.pings == []
    gate.set()
    await turn


async def test_nor_before_the_first_request_of_a_turn(tmp_path):
    on = kept(tmp_path)
    conversation = on.open()
    await conversation.say(LONG)
    await settle()
    reading, read = threading.Event(), threading.Event()

    def facts():
        reading.set()
        read.wait(5)
        return ()

    conversation.agent.runtime.facts = facts
    turn = asyncio.ensure_future(conversation.say("second"))
    while not reading.is_set():
        await asyncio.sleep(0.001)
    await on.time.passes(1000)
    assert on.provider.pings == []
    read.set()
    await turn


async def test_a_ping_that_is_not_what_was_sent_is_never_sent(tmp_path):
    on = kept(tmp_path)
    conversation = on.open()
    await conversation.say(LONG)
    live = conversation.agent.live("main")
    other = Node(None, seal("user", [{"type": "text", "text": "something else"}]))
    live.last = build(live.branch.head, other, (), Envelope(8000))
    await on.time.passes(1000)
    assert on.provider.pings == []
    assert "differs from what was sent" in on.notices[0]


async def test_after_words_time_counts_from_the_start_of_their_request(tmp_path):
    gate = asyncio.Event()
    on = kept(tmp_path, lambda sent: Says("done", midway=gate if "second" in sent.words else None))
    conversation = on.open()
    await conversation.say(LONG)
    await on.time.passes(200)
    turn = asyncio.ensure_future(conversation.say("second"))
    while not on.provider.sent[-1].began or len(on.provider.sent) < 2:
        await asyncio.sleep(0.001)
    await on.time.passes(100)  # a long reply
    gate.set()
    await turn
    await on.time.passes(169)
    assert on.provider.pings == []
    await on.time.passes(1)
    assert len(on.provider.pings) == 1


async def test_a_ping_changes_nothing_of_the_branch(tmp_path):
    on = kept(tmp_path)
    conversation = on.open()
    await conversation.say(LONG)
    main = conversation.tree.branches["main"]
    before = (main.tip, main.accepted, main.last_request, main.epoch, main.cut, dict(main.told))
    sent = on.provider.sent[-1]
    await on.time.passes(600)
    assert (main.tip, main.accepted, main.last_request, main.epoch, main.cut, dict(main.told)) == before
    await conversation.say("back")
    assert prefix(on.provider.sent[-1].body).startswith(prefix(sent.body)[:-1])
    assert verify(conversation.tree).problem is None
    assert on.provider.illegal == []


async def test_results_of_an_interrupted_turn_outlive_it(tmp_path):
    calls = (("hold", {"name": "x"}), ("hold", {"name": "never"}))
    on = kept(tmp_path, lambda sent: Says("wait", calls=calls) if len(on.provider.sent) == 1 else Says("done"))
    on.hold.gate("x").set()
    conversation = on.open()
    turn = asyncio.ensure_future(conversation.say(LONG))
    main = conversation.tree.branches["main"]
    while not main.results:
        await asyncio.sleep(0.001)
    conversation.agent.interrupt()
    await turn
    await on.time.passes(270)
    assert len(on.provider.pings) == 1
    assert main.results
    await conversation.say("go on")
    assert on.provider.sent[-1].newest[0]["content"][0]["text"] == "held x"


async def test_after_a_restart_it_all_adds_up(tmp_path):
    on = kept(tmp_path)
    conversation = on.open()
    await conversation.say(LONG)
    await on.time.passes(540)
    await conversation.close()
    again = on.again()
    assert verify(again.tree).requests == 3
    assert verify(again.tree).problem is None
    await on.time.passes(200)
    await again.say("back")
    assert accounts.lines(again.tree)[-1].usage.write_5m < 100  # the pings have kept it, and the log tells
    assert accounts.lines(again.tree)[-1].predicted.read == accounts.lines(again.tree)[-1].usage.read


async def test_a_ping_that_was_under_way_when_the_process_died_loses_no_reply(tmp_path):
    on = kept(tmp_path)
    conversation = on.open()
    await conversation.say(LONG)
    await on.time.passes(270)
    lines = on.log.read_bytes().splitlines(keepends=True)
    await conversation.close()
    settled = max(place for place, line in enumerate(lines) if b'"kind":"settled"' in line)
    on.log.write_bytes(b"".join(lines[:settled]))
    again = on.again()
    assert not [text for text in again.notices if "lost" in text]
    assert again.tree.branches["main"].cut is False
    assert verify(again.tree).problem is None


async def test_closing_waits_for_a_ping_under_way(tmp_path):
    gate = asyncio.Event()
    on = kept(tmp_path)
    script = on.provider.script
    on.provider.script = lambda sent: replace(script(sent), before=gate if sent.request["max_tokens"] == 0 else None)
    conversation = on.open()
    await conversation.say(LONG)
    await on.time.passes(270)
    closing = asyncio.ensure_future(conversation.close())
    await settle()
    assert not closing.done()
    gate.set()
    await closing
    assert accounts.lines(conversation.tree)[-1].usage is not None


async def test_words_during_a_ping_do_not_wait_for_it(tmp_path):
    gate = asyncio.Event()
    on = kept(tmp_path)
    script = on.provider.script
    on.provider.script = lambda sent: replace(script(sent), before=gate if sent.request["max_tokens"] == 0 else None)
    conversation = on.open()
    await conversation.say(LONG)
    await on.time.passes(270)
    assert (await conversation.say("back")).stop == "end_turn"
    gate.set()
    await settle()
    assert all(request.settled.how == "whole" for request in conversation.tree.requests.values())
    assert conversation.tree.branches["main"].last_request == 3
    await conversation.say("more")
    assert verify(conversation.tree).problem is None


async def test_an_endpoint_that_refuses_to_say_nothing_is_asked_for_a_token(tmp_path):
    on = kept(tmp_path)
    script = on.provider.script
    refused = failure("refused", words="max_tokens: must be at least 1")
    on.provider.script = lambda sent: Says(refused=refused) if sent.request["max_tokens"] == 0 else script(sent)
    conversation = on.open()
    await conversation.say(LONG)
    await on.time.passes(540)
    assert [sent.request["max_tokens"] for sent in on.provider.pings] == [0, 1, 1]
    assert on.notices == []


async def test_a_ping_that_fails_is_told_once_and_the_next_turn_begins_anew(tmp_path):
    on = kept(tmp_path)
    script, down = on.provider.script, [True]

    def answer(sent):
        broken = down and sent.request["max_tokens"] == 0
        return Says(refused=failure("network")) if broken else script(sent)

    on.provider.script = answer
    conversation = on.open()
    await conversation.say(LONG)
    await on.time.passes(3000)
    assert len(on.provider.pings) == 1
    assert on.notices == ["the cache is not kept warm any longer: it failed: network"]
    down.clear()
    await conversation.say("back")
    await on.time.passes(270)
    assert len(on.provider.pings) == 2


async def test_what_the_provider_has_dropped_is_paid_for_once(tmp_path):
    on = kept(tmp_path)
    conversation = on.open()
    await conversation.say(LONG)
    on.provider.mirror = Mirror()
    await on.time.passes(3000)
    assert len(on.provider.pings) == 1
    assert len(on.seen(CacheMissed)) == 1


async def test_a_machine_that_slept_pings_nothing_that_has_lapsed(tmp_path):
    on = kept(tmp_path)
    conversation = on.open()
    await conversation.say(LONG)
    await settle()
    on.time.jumps(400)
    await on.time.passes(10_000)
    assert on.provider.pings == []


async def test_another_model_has_nothing_to_keep_yet(tmp_path):
    on = kept(tmp_path)
    conversation = on.open()
    await conversation.say(LONG)
    conversation.set_model("claude-sonnet-5-5")
    await on.time.passes(3000)
    assert on.provider.pings == []


async def test_a_fork_that_reads_the_prefix_puts_the_ping_off(tmp_path):
    on = kept(tmp_path)
    conversation = on.open()
    await conversation.say(LONG)
    await on.time.passes(200)
    await conversation.agent.forks.wait(conversation.agent.fork(["look"]))
    await on.time.passes(200 + 270 - 200 - 1)
    assert on.provider.pings == []
    await on.time.passes(1)
    assert len(on.provider.pings) == 1


async def test_pings_stay_within_the_budget(tmp_path):
    on = kept(tmp_path)
    conversation = on.open()
    await conversation.say(LONG)
    conversation.agent.set_budget(conversation.figures().cost_usd * 1.0001)
    await on.time.passes(3000)
    assert on.provider.pings == []
    assert "budget" in on.notices[-1]


async def test_at_an_unknown_price_there_are_none(tmp_path):
    on = kept(tmp_path)
    conversation = on.open("a-model-nobody-prices")
    await conversation.say(LONG)
    await on.time.passes(3000)
    assert on.provider.pings == []


async def test_cache_tells_the_ttl_and_the_next_ping(tmp_path):
    on = kept(tmp_path, ttl=None)
    conversation = on.open()
    await conversation.say(LONG)
    await settle()
    *_, ttl, ping = (await run_command(conversation, "/cache")).text.splitlines()
    assert ttl.startswith("main's messages are written for 1h (gaps between turns known: 0")
    assert ping.startswith("the next ping goes in 54 min, at most ")


async def test_cache_tells_how_it_was_reckoned(tmp_path):
    on = kept(tmp_path, ttl=None)
    on.home.mkdir()
    (on.home / "gaps.json").write_text(json.dumps({"gaps": [60.0] * 8}))
    conversation = on.open()
    await conversation.say(LONG)
    assert b'"ttl":"5m"' in on.provider.sent[0].body
    *_, ttl, _ = (await run_command(conversation, "/cache")).text.splitlines()
    assert "written for 5m (of 8 gaps between turns 0 % are longer than 5 min" in ttl
    assert " a turn at 5m, " in ttl
