"""An engine's reply as it goes on the wire: parts in order, cut to `max_tokens`, with their tokens counted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from omg.provider.offline.engine import Reply, TextBlock, ToolCall
from omg.provider.offline.shape import Fields, fields
from omg.provider.offline.signatures import sign
from omg.wire.seal import scrub

# Said where a request asks for thinking. The engine has none, and says so rather than pretend.
_THINKING = "I am a set of rules and no language model: I look the job up, I do not think about it."
_BYTES_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Part:
    """One block. `grows` is what arrives in pieces: words, thinking, or the JSON of a call's input."""

    kind: Literal["text", "thinking", "tool_use"]
    grows: str
    id: str = ""
    name: str = ""
    signature: str = ""
    shown: bool = True
    """False for thinking that the request wants omitted: only its signature arrives."""

    @property
    def tokens(self) -> int:
        return -(-len(self.grows.encode()) // _BYTES_PER_TOKEN)

    def block(self) -> dict[str, object]:
        """The finished block, for a reply in one piece. An input that was cut is left empty."""
        if self.kind == "text":
            return {"type": "text", "text": self.grows}
        if self.kind == "thinking":
            return {"type": "thinking", "thinking": self.grows, "signature": self.signature}
        return {"type": "tool_use", "id": self.id, "name": self.name, "input": _whole(self.grows)}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A reply, ready to be sent."""

    parts: tuple[Part, ...]
    stop_reason: str
    tokens: int


def outgoing(reply: Reply, request: Fields) -> Outgoing:
    """`reply` to a request that has been checked: thinking first where it is asked for, then the engine's blocks, as
    far as `max_tokens` reaches."""
    most = int(str(request["max_tokens"]))
    asked = fields(request.get("thinking"))
    thinking = [_thinking(asked)] if asked.get("type") in ("enabled", "adaptive") else []
    parts = tuple(_limited([*thinking, *map(_part, reply.blocks)], most))
    complete = len(parts) == len(thinking) + len(reply.blocks) and parts[-1].grows == _part(reply.blocks[-1]).grows
    signed = tuple(
        replace(part, signature=sign(request, part.grows)) if part.kind == "thinking" else part for part in parts
    )
    return Outgoing(signed, reply.stop_reason if complete else "max_tokens", sum(part.tokens for part in parts))


def _thinking(asked: Fields) -> Part:
    omitted = asked.get("display") == "omitted"
    return Part("thinking", "" if omitted else _THINKING, shown=not omitted)


def _part(block: TextBlock | ToolCall) -> Part:
    if isinstance(block, TextBlock):
        return Part("text", scrub(block.text))
    return Part("tool_use", scrub(json.dumps(block.input, ensure_ascii=False)), block.id, block.name)


def _limited(parts: Sequence[Part], most: int) -> Iterator[Part]:
    left = most
    for part in parts:
        if left <= 0:
            return
        yield part if part.tokens <= left else replace(part, grows=_head(part.grows, left * _BYTES_PER_TOKEN))
        left -= part.tokens


def _head(text: str, size: int) -> str:
    """As much of `text` as fits in `size` bytes, whole characters."""
    return text.encode()[:size].decode(errors="ignore")


def _whole(partial: str) -> object:
    try:
        return json.loads(partial)
    except ValueError:
        return {}
