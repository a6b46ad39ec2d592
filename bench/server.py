"""A provider in this process: a cache with rules of its own, a scripted model, and a record of every request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bench.cache import Cache
from bench.clock import now
from bench.prompt import Count, Prompt, read_prompt, tokens
from bench.script import Says, answer
from omg.core.usage import Usage
from omg.provider.offline.validate import check, read
from omg.provider.protocol import Began, Call, Ended, StreamEvent, TextDelta
from omg.wire.seal import Block

BEGINS_AFTER = 1.5
"""Seconds from a request to the first event of its reply."""
SPEED = 80.0
"""Tokens of output a second."""


@dataclass(slots=True)
class Sent:
    """One request as the provider saw it. `begun` is when its reply began; `usage` is its bill."""

    id: str
    prompt: Prompt
    at: float
    begun: float | None
    usage: Usage


@dataclass(slots=True)
class Server:
    """Implements omg.provider.protocol.Provider."""

    endpoint: str = "bench"
    model: Callable[[Mapping[str, Any]], Says] = answer
    cache: Cache = field(default_factory=Cache)
    organisation: str | None = None
    """Whose cache it is, as it tells; a caller who changes it empties the cache as well."""
    sent: list[Sent] = field(default_factory=list[Sent])
    count: Count = tokens
    """Its tokenizer."""

    async def stream(self, call: Call) -> AsyncGenerator[StreamEvent, None]:
        body = call.body
        check(read(body))
        prompt = read_prompt(body, f"{self.endpoint} {call.headers}", self.count)
        billed = self.cache.bill(prompt, now())
        sent = Sent(f"msg_{len(self.sent) + 1}", prompt, now(), None, billed.usage)
        self.sent.append(sent)
        silent = prompt.request["max_tokens"] == 0
        says = Says() if silent else self.model(prompt.request)
        await asyncio.sleep(BEGINS_AFTER)
        self.cache.begin(billed, now())
        sent.begun = now()
        usage = replace(billed.usage, output=None)
        yield Began(sent.id, prompt.model, usage, organisation=self.organisation)
        if says.text:
            yield TextDelta(says.text)
        blocks = tuple(_blocks(says, sent.id))
        sent.usage = replace(billed.usage, output=sum(self.count(str(block)) for block in blocks))
        await asyncio.sleep((sent.usage.output or 0) / SPEED)
        yield Ended(blocks, "max_tokens" if silent else "tool_use" if says.calls else "end_turn", sent.usage)

    async def count_tokens(self, call: Call) -> int:
        prompt = read_prompt(call.body, f"{self.endpoint} {call.headers}")
        return sum(block.tokens for block in prompt.blocks)

    def warm_up(self) -> None: ...

    async def close(self) -> None: ...


def _blocks(says: Says, id: str) -> list[Block]:
    blocks: list[Block] = [{"type": "text", "text": says.text}] if says.text else []
    for place, (name, given) in enumerate(says.calls):
        blocks.append({"type": "tool_use", "id": f"toolu_{id}_{place}", "name": name, "input": given})
    return blocks
