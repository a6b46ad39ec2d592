"""The tool calls that a history leaves open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from omg.wire.chain import Node


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A tool call of the newest assistant message that has no result in the history yet."""

    id: str
    name: str
    input: dict[str, object]


def open_calls(tip: Node | None) -> tuple[OpenCall, ...]:
    """The tool calls that the next user message must answer."""
    if tip is None or tip.role != "assistant":
        return ()
    if not any(place.kind == "tool_use" for place in tip.message.places):
        return ()
    return tuple(
        OpenCall(str(block["id"]), str(block["name"]), _object(block.get("input")))
        for block in tip.message.content
        if block.get("type") == "tool_use"
    )


def _object(value: object) -> dict[str, object]:
    return cast(dict[str, object], value) if isinstance(value, dict) else {}
