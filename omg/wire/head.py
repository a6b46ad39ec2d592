"""The head: everything that decides the provider's cache key before the messages, rendered once to bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from omg.wire.seal import Json, canonical, fields, members

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Head:
    """`body` is a JSON object without its closing brace; the messages and the envelope follow it on the wire."""

    endpoint: str
    headers: Headers
    body: bytes

    @cached_property
    def id(self) -> str:
        """SHA-256 of all that belongs to the cache key, in hexadecimal."""
        key = canonical([self.endpoint, [list(pair) for pair in sorted(self.headers)]])
        return hashlib.sha256(key + self.body).hexdigest()

    @cached_property
    def model(self) -> str:
        """The model's name; empty where the body has none."""
        return str(json.loads(self.body + b"}").get("model", ""))

    @cached_property
    def stable_end(self) -> int | None:
        """Where a marker behind the last system block (else the last tool) goes; None without either."""
        spans = {name: (start, end) for name, start, end in fields(self.body + b"}")}
        for name in ("system", "tools"):
            if name in spans:
                start, end = spans[name]
                blocks = list(members(self.body[start:end], depth=1))
                if blocks:
                    return start + blocks[-1][1] - 1
        return None

    def field_at(self, offset: int) -> str:
        """The name of the head field that holds byte `offset` of the body."""
        for name, start, end in fields(self.body + b"}"):
            if start <= offset <= end:
                return name
        return "messages"


def render_head(
    endpoint: str,
    *,
    model: str,
    tools: Sequence[Mapping[str, Json]],
    system: Sequence[str],
    headers: Headers = (),
    extra: Mapping[str, Json] | None = None,
) -> Head:
    """Render a head. `extra` holds thinking, output_config, tool_choice: each only where it is set."""
    body: dict[str, Json] = {"model": model}
    if tools:
        body["tools"] = list(tools)
    if system:
        body["system"] = [{"type": "text", "text": text} for text in system]
    body.update(extra or {})
    return Head(endpoint, headers, canonical(body)[:-1])
