"""Markers: no illegal or misplaced plan is sent, and one that does not work is found out by its bill."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from omg.agent import marking
from omg.cache.plan import IllegalPlan, Ttls, check_legal, plan
from omg.cache.rules import CacheRules
from omg.core.events import TurnEnded
from omg.wire.chain import Node, path
from omg.wire.request import Mark
from omg.wire.seal import seal
from tests.conformance.numbered import case
from tests.conformance.whole import MARKER, MODEL, Cache, Whole, foretold, usage


def five(tip: Node) -> list[Mark]:
    return [Mark("5m", node, len(node.message.places) - 1) for node in path(tip)[:5]]


def shorter_first(tip: Node) -> list[Mark]:
    return [Mark("5m"), Mark("1h", tip, 0)]


def flipped_at_the_tail(tip: Node) -> list[Mark]:
    return [Mark("1h"), Mark("5m", tip.parent, len(tip.parent.message.places) - 1), Mark("1h", tip, 0)]


def on_thinking(tip: Node) -> list[Mark]:
    call = next(node for node in path(tip) if node.message.places[0].kind == "thinking")
    return [Mark("1h"), Mark("5m", call, 0)]


def doubled(tip: Node) -> list[Mark]:
    return [Mark("1h"), Mark("5m", tip, 0), Mark("5m", tip, 0)]


def elsewhere(tip: Node) -> list[Mark]:
    return [Mark("1h"), Mark("5m", Node(tip.parent, seal("user", [{"type": "text", "text": "Hm?"}])), 0)]


ILLEGAL = [
    case(85, "five markers", five, "5 markers, of at most 4"),
    case(86, "5m before 1h", shorter_first, "1h marker after a 5m"),
    case(87, "ttl flips within a request", flipped_at_the_tail, "1h marker after a 5m"),
    case(89, "on thinking", on_thinking, "a thinking block cannot carry a marker"),
    case(94, "doubled", doubled, "out of order or doubled"),
    case(97, "on a message of another branch", elsewhere, "not in this request"),
]


@pytest.mark.parametrize(("marks", "words"), ILLEGAL)
async def test_an_illegal_plan_is_stopped_before_it_leaves(whole, monkeypatch, marks, words):
    conversation = whole.again()

    def buggy(head, tip, **_):
        check_legal(head, tip, found := marks(tip))
        return tuple(found)

    monkeypatch.setattr(marking, "plan", buggy)
    outcome = await conversation.say("what now?")
    assert outcome.stop == "error" and re.search(words, outcome.error)
    assert whole.sent == []
    monkeypatch.undo()
    await whole.say(conversation, "what now?")


@pytest.mark.parametrize(
    ("marks", "words"),
    [
        case(85, "five markers", five, "A maximum of 4 blocks"),
        case(86, "5m before 1h", shorter_first, "must not come after a ttl='5m'"),
    ],
)
async def test_an_illegal_plan_that_nobody_checked_is_refused_by_the_api_and_the_words_come_back(
    whole, monkeypatch, marks, words
):
    conversation = whole.again()
    monkeypatch.setattr(marking, "plan", lambda head, tip, **_: tuple(marks(tip)))
    outcome = await conversation.say("what now?")
    assert outcome.stop == "error" and words in outcome.error
    assert [event.draft for event in whole.events if isinstance(event, TurnEnded)] == ["what now?"]
    monkeypatch.undo()
    await whole.say(conversation, "what now?")
    assert whole.causes == []


def test_m089_an_empty_text_carries_no_marker():
    node = Node(None, seal("user", [{"type": "text", "text": "Hm"}, {"type": "text", "text": ""}]))
    assert [place.markable for place in node.message.places] == [True, False]


def test_m087_messages_cannot_live_longer_than_their_head(whole):
    main = whole.again().tree.branches["main"]
    with pytest.raises(IllegalPlan):
        plan(main.head, main.tip, last_tail=None, shared=None, ttls=Ttls("5m", "1h"))


def places(request: dict) -> list[tuple[int, int]]:
    """(message, block) of each marker behind the head."""
    return [
        (place, at)
        for place, message in enumerate(request["messages"])
        for at, block in enumerate(message["content"])
        if "cache_control" in block
    ]


async def test_m090_m092_m093_m094_m095_markers_move_right_are_all_there_and_leave_the_head_one(whole):
    conversation = whole.again()
    await whole.say(conversation, "show story.txt", "parts 5", "and now?")
    marks = [request.logged.marks for request in conversation.tree.requests.values()][-len(whole.sent) :]
    tails = []
    for sent, planned in zip(whole.sent, marks, strict=True):
        request = sent.json
        assert len(MARKER.findall(sent.body)) == sent.body.count(b'"cache_control"') == len(planned) <= 4
        assert json.dumps(request["tools"] + request["system"]).count("cache_control") == 1
        last = request["messages"][-1]["content"]
        tails.append(places(request)[-1])
        assert tails[-1] == (len(request["messages"]) - 1, len(last) - 1)
    assert tails == sorted(set(tails))


async def test_m091_a_turn_of_many_blocks_is_still_found(whole):
    conversation = whole.again()
    await whole.say(conversation, "parts 25", "and now?")
    assert whole.causes == []
    assert usage(conversation, -2).read == foretold(conversation, -2).read > 8000


NO_MARKS_BETWEEN = {"last_tail": None, "shared": None}


async def test_m091_without_a_mark_in_between_it_is_a_look_back_that_was_foretold(whole, monkeypatch):
    conversation = whole.again()
    monkeypatch.setattr(marking, "plan", lambda head, tip, **more: plan(head, tip, **more | NO_MARKS_BETWEEN))
    await whole.say(conversation, "parts 25")
    assert [cause.split(" (")[0] for cause in whole.causes] == ["look-back exceeded"]
    (missed,) = (each for each in conversation.tree.requests.values() if each.settled.cause)
    assert missed.settled.usage.read == missed.logged.predicted.read < 2000


async def test_m090_a_frozen_marker_reads_no_more_than_is_foretold(whole, monkeypatch):
    conversation = whole.again()
    await whole.say(conversation, "what now?")
    frozen = conversation.tree.requests[len(conversation.tree.requests)].logged.tip
    node = conversation.tree.nodes[frozen]
    monkeypatch.setattr(marking, "plan", lambda head, tip, **_: (Mark("1h"), Mark("5m", node, 0)))
    await whole.say(conversation, "show story.txt", "and now?")
    assert usage(conversation).read == foretold(conversation).read
    assert usage(conversation).plain == pytest.approx(foretold(conversation).plain, rel=0.1)
    assert usage(conversation).plain > 1000, "which the ledger shows as plain tokens"


async def test_m093_a_marker_moved_left_reads_no_more_than_is_foretold(whole, monkeypatch):
    conversation = whole.again()
    await whole.say(conversation, "what now?")

    def left(head, tip, **_):
        earlier = tip.at_depth(5)
        return (Mark("1h"), Mark("5m", earlier, len(earlier.message.places) - 1))

    monkeypatch.setattr(marking, "plan", left)
    await whole.say(conversation, "and now?")
    assert usage(conversation).read == foretold(conversation).read < 8000
    assert [cause.split(" (")[0] for cause in whole.causes] == ["look-back exceeded"]


async def test_m088_a_prefix_below_the_providers_minimum_is_named_until_it_is_long_enough(tmp_path):
    cache = Cache(CacheRules(minimums={MODEL: 2000}))
    whole = Whole(tmp_path / "home", tmp_path / "work", cache=cache)
    conversation = whole.open()
    await whole.say(conversation, "what now?")
    assert whole.causes[0].startswith("below the minimum (")
    await whole.say(conversation, "show story.txt", "and now?")
    assert {cause.split(" (")[0] for cause in whole.causes} == {"below the minimum"}
    assert usage(conversation).read > 2000


async def test_m088_a_minimum_that_is_known_is_no_miss(tmp_path):
    cache = Cache(CacheRules(minimums={MODEL: 2000}))
    whole = Whole(tmp_path / "home", tmp_path / "work", cache=cache)
    whole.setup = replace(whole.setup, minimum=2000)
    conversation = whole.open()
    await whole.say(conversation, "what now?")
    assert whole.causes == [] and foretold(conversation).written == usage(conversation).written == 0


async def test_m092_markers_that_a_gateway_drops_are_found_out(whole):
    conversation = whole.again()
    whole.gateway.rewrite = lambda body: MARKER.sub(b"", body)
    await whole.say(conversation, "what now?")
    assert whole.causes[0].startswith("markers not honoured (")
