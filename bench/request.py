"""Building and guarding a request on a 4 MB history, beside the SDK's `messages.create()` serialising the same."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Callable
from contextlib import suppress

from omg.cache.plan import last_spot, plan
from omg.core.catalog import load_catalog
from omg.wire.chain import Node
from omg.wire.guard import check
from omg.wire.head import Head
from omg.wire.request import Body, Envelope, build
from omg.wire.seal import seal

MESSAGES = 5250
BYTES = 4_000_000
ROUNDS = 15


def history() -> Node:
    node: Node | None = None
    for count in range(MESSAGES):
        text = f"{count} " + "x" * (BYTES // MESSAGES - 60)
        node = Node(node, seal("assistant" if count % 2 else "user", [{"type": "text", "text": text}]))
    assert node is not None
    return node


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ours(head: Head, tip: Node, last: Body) -> Body:
    marks = plan(head, tip, last_tail=last_spot(last.tip), shared=None)
    body = build(head, tip, marks, Envelope(32_000))
    check(body, last, "main")
    return body


def sdk_client():
    import anthropic
    import httpx2

    class Transport(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            return httpx2.Response(400, json={"type": "error", "error": {"type": "x", "message": "x"}})

    client = httpx2.AsyncClient(transport=Transport())
    return anthropic.AsyncAnthropic(api_key="k", http_client=client, max_retries=0)


async def sdk(client, messages: list[dict[str, object]]) -> float:
    import anthropic

    start = time.perf_counter()
    with suppress(anthropic.APIStatusError):
        await client.messages.create(model="m", max_tokens=10, messages=messages)
    return time.perf_counter() - start


async def main() -> None:
    head = load_catalog().head("offline", model="claude-opus-5-5")
    old = history()
    last = build(head, old, plan(head, old, last_tail=None, shared=None), Envelope(32_000))
    tip = Node(
        Node(old, seal("assistant", [{"type": "text", "text": "a"}])), seal("user", [{"type": "text", "text": "b"}])
    )
    client, messages = sdk_client(), json.loads(last.data)["messages"]
    for _ in range(3):
        ours(head, tip, last)
        await sdk(client, messages)
    pairs = [(timed(lambda: ours(head, tip, last)), await sdk(client, messages)) for _ in range(ROUNDS)]
    body = ours(head, tip, last)
    hashing = statistics.median(timed(body.hash) for _ in range(ROUNDS))
    ratio = statistics.median(mine / theirs for mine, theirs in pairs)
    mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"{body.size / 1e6:.1f} MB in {MESSAGES} messages")
    print(f"build and guard {1000 * mine:.2f} ms, messages.create() {1000 * theirs:.1f} ms: {100 * ratio:.1f} %")
    print(f"the log's hash of the body, beside it: {1000 * hashing:.1f} ms")


if __name__ == "__main__":
    asyncio.run(main())
