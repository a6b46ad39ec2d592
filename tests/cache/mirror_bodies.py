"""Request bodies for the tests of the mirror, built plainly: no code of OMG's has a hand in them."""

from __future__ import annotations

import json
from typing import Any

Block = dict[str, Any]
Marks = dict[int, str]

OPUS = "claude-opus-5-5"


def a_thousand(block: bytes) -> int:
    """A count for sums done by hand: every block is 1000 tokens."""
    return 1000


def marked(block: Block, ttl: str = "5m") -> Block:
    """`block` with a marker."""
    return {**block, "cache_control": {"type": "ephemeral", "ttl": ttl}}


def text(words: str) -> Block:
    """A text block."""
    return {"type": "text", "text": words}


def tool(name: str, **more: Any) -> Block:
    """A tool's definition."""
    return {"name": name, "description": f"does {name}", "input_schema": {"type": "object"}, **more}


def use(number: int) -> Block:
    """A tool call."""
    return {"type": "tool_use", "id": f"toolu_{number}", "name": "read", "input": {"path": "a", "n": number}}


def result(number: int) -> Block:
    """A tool's result."""
    return {"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": [text(f"result {number}")]}


def user(*blocks: Block) -> Block:
    """A user's message."""
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks: Block) -> Block:
    """An assistant's message."""
    return {"role": "assistant", "content": list(blocks)}


def encode(request: dict[str, Any]) -> bytes:
    """JSON as OMG sends it."""
    return json.dumps(request, separators=(",", ":"), ensure_ascii=False).encode()


def body(*messages: Block, **parameters: Any) -> bytes:
    """A request; its model is OPUS unless told."""
    return encode({"model": OPUS, "max_tokens": 100, **parameters, "messages": list(messages)})


def said(count: int, marks: Marks | None = None, **parameters: Any) -> bytes:
    """One user message of `count` text blocks "block 1", "block 2", ..., those in `marks` marked."""
    blocks = [text(f"block {number}") for number in range(1, count + 1)]
    for number, ttl in (marks or {}).items():
        blocks[number - 1] = marked(blocks[number - 1], ttl)
    return body(user(*blocks), **parameters)
