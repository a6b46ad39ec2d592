"""The seven that change nothing a provider keys its cache by: no refusal, no cause, and the same read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count

import pytest

from omg.agent import exchange
from omg.wire.request import Envelope
from omg.wire.seal import fields
from tests.conformance.whole import Whole, foretold, usage

Change = Callable[[Whole, object, pytest.MonkeyPatch], None]


def fewer_tokens(whole, conversation, monkeypatch) -> None:
    runtime = conversation.agent.runtime
    runtime.setup = replace(runtime.setup, max_tokens=16_000)


def enveloped(field: str) -> Change:
    def change(whole, conversation, monkeypatch) -> None:
        numbers = count()

        def envelope(max_tokens: int, *_) -> Envelope:
            return Envelope(max_tokens, extra=(("metadata", {field: f"id-{next(numbers)}"}),))

        monkeypatch.setattr(exchange, "envelope", envelope)

    return change


def whole_replies(whole, conversation, monkeypatch) -> None:
    monkeypatch.setattr(exchange, "envelope", lambda max_tokens, *_: Envelope(max_tokens, stream=False))


def marker_moved(whole, conversation, monkeypatch) -> None:
    """Nothing to do: every request's marker stands further to the right than the last one's."""


def keys_reordered(whole, conversation, monkeypatch) -> None:
    def reordered(body: bytes) -> bytes:
        spans = [body[start:end] for _, start, end in fields(body)]
        return b"{%s}" % b",".join(reversed(spans))

    whole.gateway.rewrite = reordered


def headers_reordered(whole, conversation, monkeypatch) -> None:
    branch = conversation.tree.branches["main"]
    assert len(branch.head.headers) == 2
    branch.head = replace(branch.head, headers=tuple(reversed(branch.head.headers)))


CONTROLS = {
    "max_tokens": fewer_tokens,
    "metadata.user_id": enveloped("user_id"),
    "stream": whole_replies,
    "request id": enveloped("request_id"),
    "marker moved right": marker_moved,
    "top-level key order": keys_reordered,
    "header order": headers_reordered,
}


@pytest.mark.parametrize("change", CONTROLS.values(), ids=CONTROLS)
async def test_a_control_raises_nothing(tmp_path, monkeypatch, change: Change):
    whole = Whole(tmp_path / "home", tmp_path / "work")
    version = ("anthropic-version", "2026-10-21")
    whole.setup = replace(whole.setup, headers=(version, ("anthropic-beta", "context-1m")))
    conversation = whole.open()
    await whole.say(conversation, "show story.txt")
    change(whole, conversation, monkeypatch)
    await whole.say(conversation, "what now?", "show story.txt, again")
    await whole.fork(conversation, "what is it?")
    assert whole.causes == []
    assert usage(conversation).read == foretold(conversation).read > 3000
    assert all(request.settled.how == "whole" for request in conversation.tree.requests.values())


def test_there_are_seven():
    assert len(CONTROLS) == 7
