"""What is sealed is what is sent: no later spelling, no client in between and no edit in memory gets into it."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from hashlib import sha256

import pytest

from omg.wire import request, seal
from omg.wire.seal import Message
from tests.conformance.whole import Whole, foretold, sound, usage


async def test_m067_m077_m082_m094_what_arrives_is_what_was_logged_under_the_same_headers(whole):
    conversation = whole.again()
    await whole.say(conversation, "show story.txt", "parts 3")
    await whole.fork(conversation, "what is it?")
    logged = [each.logged.hash for each in conversation.tree.requests.values()][-len(whole.sent) :]
    assert [sha256(sent.body).hexdigest() for sent in whole.sent] == logged
    headers = [{name: value for name, value in sent.headers.items() if name != "content-length"} for sent in whole.sent]
    assert all(each == headers[0] for each in headers)
    assert "anthropic-beta" not in headers[0] and headers[0]["anthropic-version"] == "2026-10-21"


async def test_m036_m081_m084_m026_nothing_but_the_envelope_follows_the_messages(whole):
    conversation = whole.again()
    await whole.say(conversation, "show story.txt")
    for sent in whole.sent:
        tail = sent.body[sent.body.rindex(b'],"max_tokens"') + 1 :]
        assert tail == b',"max_tokens":32000,"stream":true}'


def test_m042_m052_m057_sealed_messages_and_heads_are_frozen(whole):
    main = whole.again().tree.branches["main"]
    with pytest.raises(FrozenInstanceError):
        main.tip.message.body = b""
    with pytest.raises(FrozenInstanceError):
        main.head.body = b""


@pytest.mark.parametrize("kept", [True, False])
async def test_m042_a_message_replaced_in_its_very_node_is_found(whole, kept):
    conversation = whole.again()
    await whole.say(conversation, "what now?")
    live = conversation.agent.live("main")
    sent, node = len(whole.sent), live.branch.tip.at_depth(3)
    node._message = Message("user", node.message.body.replace(b"line 7 ", b"line 8 "))
    live.last = live.last if kept else None
    outcome = await conversation.say("and now?")
    assert outcome.stop == "error" and len(whole.sent) == sent
    assert ("(messages[2] (user)" if kept else "were sent") in outcome.error


def spell_otherwise(monkeypatch) -> None:
    """A later version's way to write JSON."""
    encoder = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":"), check_circular=False)
    monkeypatch.setattr(seal, "_ENCODER", encoder)


async def test_m056_m071_m104_a_version_that_spells_json_otherwise_sends_old_messages_as_they_were(whole, monkeypatch):
    spell_otherwise(monkeypatch)
    conversation = whole.again()
    await whole.say(conversation, "show story.txt, naïve")
    body = whole.sent[-1].body
    assert "naïve/as".encode() in body and b"na\\u00efve" in body
    assert usage(conversation).read == foretold(conversation).read > 5000
    assert whole.causes == [] and sound(conversation)


async def test_m114_a_spelling_that_changes_while_the_session_runs_changes_nothing_that_was_sent(whole, monkeypatch):
    conversation = whole.again()
    await whole.say(conversation, "what now, naïve?")
    before = whole.sent[-1].prefix
    spell_otherwise(monkeypatch)
    await whole.say(conversation, "and now, naïve?")
    assert whole.sent[-1].prefix.startswith(before)
    assert whole.causes == [] and usage(conversation).read == foretold(conversation).read


async def test_m113_the_guard_knows_markers_by_their_place_and_not_by_their_spelling(whole, monkeypatch):
    """So that no pattern can go stale: other marker bytes are neither a difference nor taken for text."""
    conversation = whole.again()
    await whole.say(conversation, "what now?")
    monkeypatch.setattr(
        request, "marker", lambda ttl: b', "cache_control": {"ttl": "%s", "type": "ephemeral"}' % ttl.encode()
    )
    await whole.say(conversation, "and now?")
    assert b'"cache_control": {"ttl"' in whole.sent[-1].body
    assert whole.causes == [] and usage(conversation).read == foretold(conversation).read > 5000


async def test_m058_m059_no_image_enters_a_message(whole):
    (whole.folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    conversation = whole.again()
    await whole.say(conversation, "show picture.png")
    kinds = {block["type"] for message in whole.sent[-1].json["messages"] for block in message["content"]}
    assert kinds <= {"text", "thinking", "tool_use", "tool_result"}
    assert b"base64" not in whole.sent[-1].body


async def test_m105_the_ids_of_sessions_forks_and_requests_are_in_no_body(whole: Whole):
    conversation = whole.again()
    await whole.fork(conversation, "what is it?")
    await whole.say(conversation, "and now?")
    sent = b"".join(each.body for each in whole.sent)
    ids = [conversation.id, *(each.begun.request_id for each in conversation.tree.requests.values())]
    assert not [id for id in ids if id.encode() in sent]
