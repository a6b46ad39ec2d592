"""What the engine answers: blocks of an assistant message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Words for the person, in Markdown; never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call for the client to run. `input` is what goes on the wire."""

    id: str
    name: str
    input: dict[str, object]


@dataclass(frozen=True, slots=True)
class Reply:
    """One assistant message: at least one block."""

    blocks: tuple[TextBlock | ToolCall, ...]

    @property
    def stop_reason(self) -> Literal["tool_use", "end_turn"]:
        """`tool_use` as soon as one block is a call."""
        return "tool_use" if any(isinstance(block, ToolCall) for block in self.blocks) else "end_turn"
