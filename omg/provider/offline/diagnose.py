"""Cache diagnostics as the real API plays them: a prompt that asks is remembered, and compared with the one it names.

"Cache diagnostics" (its docs, September 2026): best effort, an estimate of tokens with every change that it names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from omg.cache.mirror_request import Block, Request, read_request, stable
from omg.cache.positions import framed
from omg.provider.offline.fault import invalid
from omg.provider.offline.shape import Fields, fields

_REMEMBERED = 500
"""Prompts, the newest."""


@dataclass(frozen=True, slots=True)
class _Print:
    """What is kept of a prompt. `messages` are hashes of it up to the end of each message."""

    model: str
    tools: bytes
    system: bytes
    messages: tuple[bytes, ...]
    tokens: int
    """Of all of it; a part is estimated by its messages."""


@dataclass(slots=True)
class Diagnoses:
    """The prompts of one server, by the id of the message that was its answer."""

    count: Callable[[bytes], int]
    _prints: dict[str, _Print] = field(default_factory=dict[str, _Print])

    def said(self, request: Fields, body: bytes, id: str) -> dict[str, object] | None:
        """What is said of `request`, which `id` answers; None: it did not ask, or differs in nothing. Raises Fault."""
        if "diagnostics" not in request:
            return None
        previous = _named(request)
        now = self._prints[id] = self._print(read_request(body))
        while len(self._prints) > _REMEMBERED:
            del self._prints[next(iter(self._prints))]
        if previous is None:
            return None
        before = self._prints.get(previous)
        if before is None:
            return {"cache_miss_reason": {"type": "previous_message_not_found"}}
        return _compared(before, now)

    def _print(self, request: Request) -> _Print:
        tokens = sum(self.count(block.raw) for block in (*request.tools, *request.system))
        running, hashes = sha256(), list[bytes]()
        for turn in request.turns:
            running.update(framed(turn.wrapper))
            for block in turn.blocks:
                running.update(framed(block.raw))
                tokens += self.count(block.raw)
            hashes.append(running.digest())
        asked = {name: request.parameters.get(name) for name in ("thinking", "output_config", "tool_choice")}
        messages = tuple(sha256(stable(asked) + each).digest()[:16] for each in hashes)
        return _Print(request.model, _hash(request.tools), _hash(request.system), messages, tokens)


def _named(request: Fields) -> str | None:
    if not isinstance(request["diagnostics"], dict):
        raise invalid("diagnostics: Input should be a valid dictionary")
    previous = fields(request.get("diagnostics")).get("previous_message_id")
    if previous is not None and not isinstance(previous, str):
        raise invalid("diagnostics.previous_message_id: Input should be a valid string")
    return previous


def _compared(before: _Print, now: _Print) -> dict[str, object] | None:
    for name in ("model", "tools", "system"):
        if getattr(before, name) != getattr(now, name):
            return _reason(f"{name}_changed", before.tokens)
    same = sum(one == other for one, other in zip(before.messages, now.messages, strict=False))
    if same == len(before.messages):
        return None
    return _reason("messages_changed", before.tokens * (len(before.messages) - same) // len(before.messages))


def _reason(kind: str, tokens: int) -> dict[str, object]:
    return {"cache_miss_reason": {"type": kind, "cache_missed_input_tokens": tokens}}


def _hash(blocks: tuple[Block, ...]) -> bytes:
    return sha256(b"".join(framed(block.raw) for block in blocks)).digest()
