"""Server-sent events and JSON as the Messages API writes them (streaming docs, August 2026)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from omg.core.usage import Usage
from omg.provider.offline.reply import Outgoing, Part

_PIECE = 24  # characters in a delta of a short reply
_PIECES = 40  # a long reply has bigger ones, so that it does not take longer


def frame(data: Mapping[str, object]) -> bytes:
    """One event; its name is its type."""
    return b"event: %s\ndata: %s\n\n" % (str(data["type"]).encode(), encode(data))


def encode(data: Mapping[str, object]) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


Diagnostics = Mapping[str, object] | None
"""What is said of the cache; None: nobody asked, or there is nothing to say."""


def message(id: str, model: str, usage: Usage, reply: Outgoing | None, said: Diagnostics = None) -> dict[str, object]:
    """A Message; without a reply, as `message_start` carries it."""
    return {
        "id": id,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [part.block() for part in reply.parts] if reply else [],
        "stop_reason": reply.stop_reason if reply else None,
        "stop_sequence": None,
        # The real one has counted its first token when it starts.
        "usage": {**usage_json(usage), "output_tokens": reply.tokens if reply else 1, "service_tier": "standard"},
        "diagnostics": said,
    }


def usage_json(usage: Usage) -> dict[str, object]:
    """The input classes, with the split by ttl."""
    return {
        "input_tokens": usage.plain,
        "cache_creation_input_tokens": usage.written,
        "cache_read_input_tokens": usage.read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.write_5m,
            "ephemeral_1h_input_tokens": usage.write_1h,
        },
    }


def start(id: str, model: str, usage: Usage, said: Diagnostics = None) -> bytes:
    """`message_start`."""
    return frame({"type": "message_start", "message": message(id, model, usage, None, said)})


def content(reply: Outgoing) -> Iterator[bytes]:
    """The blocks: each its start, its deltas and its stop."""
    for index, part in enumerate(reply.parts):
        yield frame({"type": "content_block_start", "index": index, "content_block": _opened(part)})
        for delta in _deltas(part):
            yield frame({"type": "content_block_delta", "index": index, "delta": delta})
        yield frame({"type": "content_block_stop", "index": index})


def end(reply: Outgoing, usage: Usage) -> Iterator[bytes]:
    """`message_delta` with the final figures, which have no split by ttl, and `message_stop`."""
    told = {name: value for name, value in usage_json(usage).items() if name != "cache_creation"}
    yield frame(
        {
            "type": "message_delta",
            "delta": {"stop_reason": reply.stop_reason, "stop_sequence": None},
            "usage": {**told, "output_tokens": reply.tokens},
        }
    )
    yield frame({"type": "message_stop"})


def _opened(part: Part) -> dict[str, object]:
    if part.kind == "text":
        return {"type": "text", "text": ""}
    if part.kind == "thinking":
        return {"type": "thinking", "thinking": "", "signature": ""}
    return {"type": "tool_use", "id": part.id, "name": part.name, "input": {}}


def _deltas(part: Part) -> Iterator[Mapping[str, object]]:
    if part.kind == "text":
        yield from ({"type": "text_delta", "text": piece} for piece in _pieces(part.grows))
    elif part.kind == "thinking":
        yield from ({"type": "thinking_delta", "thinking": piece} for piece in _pieces(part.grows))
        yield {"type": "signature_delta", "signature": part.signature}
    else:
        yield {"type": "input_json_delta", "partial_json": ""}
        yield from ({"type": "input_json_delta", "partial_json": piece} for piece in _pieces(part.grows))


def _pieces(text: str) -> Iterator[str]:
    size = max(_PIECE, -(-len(text) // _PIECES))
    return (text[at : at + size] for at in range(0, len(text), size))
