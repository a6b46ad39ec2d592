"""A request as a provider reads it: one row of blocks, each with its tokens and its marker."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from omg.core.usage import Ttl

_PIECE = re.compile(r" ?[A-Za-z]{1,7}| ?\d{1,3}| +|\\n|[^\sA-Za-z\d]{1,2}|\s|.")
TOOL_PROMPT = 286
"""Tokens that a request with tools has in front of them (pricing page: Opus 5, tool_choice auto)."""
_PER_MESSAGE = 4
_PER_BLOCK = 3
_ASIDE = frozenset({"messages", "tools", "system", "max_tokens", "stream", "metadata", "diagnostics"})
"""What does not stand in front of the prefix as a parameter of its own."""


Count = Callable[[str], int]
"""Tokens of a text."""


@lru_cache(maxsize=100_000)
def tokens(text: str) -> int:
    """Tokens of a text: pieces of words, of numbers, and punctuation."""
    return len(_PIECE.findall(text))


@dataclass(frozen=True, slots=True)
class Block:
    """`text` is all that makes it this block: what it says, whose it is, and whether a message begins with it."""

    text: str
    tokens: int
    mark: Ttl | None


@dataclass(frozen=True, slots=True)
class Prompt:
    """`key` is what keeps prefixes apart that have the same blocks: model, endpoint, headers, parameters."""

    key: str
    model: str
    blocks: tuple[Block, ...]
    request: dict[str, Any]


def read_prompt(body: bytes, scope: str, count: Count = tokens) -> Prompt:
    """The prompt in a request's body. `scope`: endpoint and headers; `count`: tokens of a text."""
    request: dict[str, Any] = json.loads(body)
    rest = {name: value for name, value in request.items() if name not in _ASIDE}
    key = json.dumps([scope, rest], sort_keys=True)
    return Prompt(key, str(request["model"]), tuple(_blocks(request, count)), request)


def _blocks(request: dict[str, Any], count: Count) -> Iterator[Block]:
    for place, tool in enumerate(request.get("tools", [])):
        yield _block(count, "tool", tool, 0 if place else TOOL_PROMPT)
    for text in request.get("system", []):
        yield _block(count, "system", text)
    for message in request["messages"]:
        for place, block in enumerate(message["content"]):
            yield _block(count, f"{message['role']} {'' if place else 'begins'}", block, 0 if place else _PER_MESSAGE)


def _block(count: Count, whose: str, block: dict[str, Any], more: int = 0) -> Block:
    mark: dict[str, Any] = block.get("cache_control") or {}
    bare = {name: value for name, value in block.items() if name != "cache_control"}
    text = json.dumps(bare, ensure_ascii=False)
    ttl: Ttl | None = ("1h" if mark.get("ttl") == "1h" else "5m") if mark else None
    return Block(f"{whose}\0{text}", count(text) + _PER_BLOCK + more, ttl)
