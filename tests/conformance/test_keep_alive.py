"""Keep-alive: a ping is its branch's last request once more, and cannot be anything else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from omg.agent.silent import Silent, send_off
from omg.agent.warm import marks_of
from omg.wire.guard import Diverged
from omg.wire.seal import unseal
from tests.conformance.heads import field, mutated, only
from tests.conformance.histories import chain
from tests.conformance.numbered import case
from tests.conformance.whole import OTHER, bodies, foretold, sound, usage


def ping(conversation) -> Silent:
    tree = conversation.tree
    last = tree.requests[tree.branches["main"].last_request]
    head, tip = tree.heads[last.logged.head], tree.nodes[last.logged.tip]
    return Silent("keep_alive", head, tip, tip, marks_of(tree, last), 0, last.logged.epoch)


@pytest.mark.parametrize(
    ("mutate", "name"),
    [
        case(102, "without tools", only(), "tools"),
        case(101, "on another model", field("model", OTHER), "model"),
        case(20, "with placeholder tools", only("read"), "tools"),
        case(73, "without thinking", lambda fields: fields.pop("thinking"), "thinking"),
    ],
)
async def test_a_ping_with_another_head_is_refused(whole, mutate, name):
    conversation = whole.again()
    await whole.say(conversation, "what now?")
    found, sent = ping(conversation), len(whole.sent)
    other = mutated(found.head, mutate)
    with pytest.raises(Diverged, match=rf"on branch main, byte \d+ \(head field {name}\)"):
        send_off(
            conversation.agent.runtime,
            conversation.agent.live("main"),
            replace(found, head=other),
        )
    assert len(whole.sent) == sent


@pytest.mark.parametrize("words", [case(101, "with other bytes", b"and now?")])
async def test_a_ping_over_another_history_is_refused(whole, words):
    conversation = whole.again()
    await whole.say(conversation, "what now?")
    found = ping(conversation)
    history = bodies(conversation)[: found.tip.depth]
    other = chain([*history[:-1], unseal(history[-1].replace(b"what now?", words)).body])
    assert other.id != found.tip.id
    with pytest.raises(Diverged, match=r"\(messages\[\d+\] \(user\)"):
        send_off(conversation.agent.runtime, conversation.agent.live("main"), replace(found, tip=other, own=other))


async def test_m098_m102_m109_a_ping_keeps_a_branch_warm_and_leaves_it_as_it_was(whole):
    conversation = whole.again()
    await whole.say(conversation, "what now?")
    before = whole.sent[-1].prefix
    for _ in range(3):
        whole.clock.at += 250
        await send_off(conversation.agent.runtime, conversation.agent.live("main"), ping(conversation)).fly()
        assert whole.sent[-1].prefix == before
        assert (usage(conversation).written, usage(conversation).plain) == (0, 0)
    whole.clock.at += 250
    await whole.say(conversation, "and now?")
    assert whole.sent[-1].prefix.startswith(before)
    assert whole.causes == [] and usage(conversation).read == foretold(conversation).read > 5000
    assert sound(conversation)
