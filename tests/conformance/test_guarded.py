"""Whatever changes a head or a message that was sent: the request is refused, by name, and nothing leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from omg.agent.state import Branch
from omg.session.conversation import Conversation
from omg.wire.chain import path
from tests.conformance.heads import PARAMETERS, SYSTEM, TOOLS, mutated
from tests.conformance.histories import MESSAGES, chain
from tests.conformance.numbered import case
from tests.conformance.whole import Whole, bodies


@dataclass
class Open:
    """A session at work that a client's bugs are let loose on, one after the other."""

    whole: Whole
    conversation: Conversation

    @property
    def main(self) -> Branch:
        return self.conversation.tree.branches["main"]

    async def refused(self, break_it: Callable[[], None]) -> str:
        """The words of the refusal, with the baseline in memory and with it rendered from the record: the same."""
        live, requests = self.conversation.agent.live("main"), len(self.conversation.tree.requests)
        sent, head, tip, accepted, last = (
            len(self.whole.sent),
            self.main.head,
            self.main.tip,
            self.main.accepted,
            live.last,
        )
        assert last is not None
        said: list[str] = []
        try:
            for baseline in (last, None):
                live.last = baseline
                break_it()
                outcome = await self.conversation.say("and now?")
                assert outcome.stop == "error", "it was sent"
                said.append(outcome.error or "")
        finally:
            self.main.head, self.main.tip, self.main.accepted, live.last = head, tip, accepted, last
        assert len(self.whole.sent) == sent
        assert len(self.conversation.tree.requests) == requests
        assert said[0] == said[1]
        assert said[0].startswith("refused to send: on branch main, byte ")
        return said[0]


@pytest.fixture(scope="module")
def at_work(base: Whole, tmp_path_factory: pytest.TempPathFactory) -> Open:
    whole = base.copied(tmp_path_factory.mktemp("guarded"))
    conversation = whole.again()
    asyncio.run(whole.say(conversation, "what now?"))
    return Open(whole, conversation)


async def refused_head(at_work: Open, **changes) -> str:
    def break_it() -> None:
        at_work.main.head = replace(at_work.main.head, **changes)

    return await at_work.refused(break_it)


@pytest.mark.parametrize("mutate", TOOLS)
async def test_tools(at_work, mutate):
    head = mutated(at_work.main.head, mutate)
    assert "(head field tools) differs" in await refused_head(at_work, body=head.body)


@pytest.mark.parametrize("mutate", SYSTEM)
async def test_system(at_work, mutate):
    head = mutated(at_work.main.head, mutate)
    assert "(head field system) differs" in await refused_head(at_work, body=head.body)


@pytest.mark.parametrize(("name", "mutate"), PARAMETERS)
async def test_parameters(at_work, name, mutate):
    head = mutated(at_work.main.head, mutate)
    assert f"(head field {name}) differs" in await refused_head(at_work, body=head.body)


VERSION = ("anthropic-version", "2026-10-21")
HEADERS = [
    case(77, "another set of betas", (VERSION, ("anthropic-beta", "context-1m-2026-08-07"))),
    case(78, "long context by header", (VERSION, ("anthropic-beta", "context-1m"))),
    case(82, "session header", (VERSION, ("x-session-id", "5f6c0c1b"))),
    case(83, "workspace header", (VERSION, ("anthropic-workspace-id", "wrkspc_2"))),
]


@pytest.mark.parametrize("headers", HEADERS)
async def test_headers(at_work, headers):
    assert "(head field headers) differs" in await refused_head(at_work, headers=headers)


@pytest.mark.parametrize("endpoint", [case(83, "another gateway", "https://gateway.example")])
async def test_endpoint(at_work, endpoint):
    assert "(head field endpoint) differs" in await refused_head(at_work, endpoint=endpoint)


@pytest.mark.parametrize(("place", "mutate"), MESSAGES)
async def test_messages(at_work, place, mutate):
    before = bodies(at_work.conversation)
    tip = chain(mutate(before))
    assert tip.id != at_work.main.tip.id, "this changes nothing"
    at_work.conversation.tree.nodes.update((node.id, node) for node in path(tip))

    def break_it() -> None:
        at_work.main.tip = at_work.main.accepted = tip

    said = await at_work.refused(break_it)
    assert f"(messages[{place}] (" in said
    assert f"node {path(at_work.main.tip)[place].id[:12]})" in said


async def test_the_session_goes_on_after_all_of_them(at_work: Open, tmp_path: Path):
    whole, causes = at_work.whole, len(at_work.whole.causes)
    before = whole.sent[-1].prefix
    await whole.say(at_work.conversation, "what else?")
    assert whole.sent[-1].prefix.startswith(before)
    assert len(whole.causes) == causes
