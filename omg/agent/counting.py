"""Before a long history goes out that nobody has counted: the provider is asked, which is free, how long it is."""

from __future__ import annotations

import asyncio

from omg.agent.runtime import Runtime
from omg.agent.state import Branch
from omg.provider.protocol import Call, ProviderError
from omg.wire.request import build

LONG = 4_000
"""Tokens of messages under which an estimate does: what it is off is next to nothing."""
PATIENCE = 1.0
"""Seconds that a request waits for the answer at most."""


async def count_first(runtime: Runtime, branch: Branch) -> None:
    """Ask how many tokens the next request of `branch` has, where that is worth it: nobody has counted any of its
    messages with this head, and there are many. What goes wrong harms nothing: the estimate stands."""
    head, tip = branch.head, branch.tip
    if tip is None or not runtime.setup_of(head).counts_tokens or "counting" in runtime.refused:
        return
    if runtime.holdings.uncounted(head, tip) < LONG:
        return
    try:
        async with asyncio.timeout(PATIENCE):
            tokens = await runtime.provider.count_tokens(Call(build(head, tip, (), None).pieces, head.headers))
    except TimeoutError:
        return
    except ProviderError as error:
        if error.failure == "refused":
            runtime.refused.add("counting")
        return
    runtime.holdings.told(head, tip, tokens)
