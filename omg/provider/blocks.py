"""Build a reply's blocks from the raw stream, so that they are what the provider wrote."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from omg.wire.seal import Block, Json, Raw, compact

_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_EMPTY = Raw(b"{}")


@dataclass(slots=True)
class Growing:
    """One block while it arrives: `start` as `content_block_start` gave it, and the pieces of its fields."""

    start: Mapping[str, Json]
    pieces: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    others: dict[str, Json] = field(default_factory=dict[str, Json])
    citations: list[Json] = field(default_factory=list[Json])

    @property
    def kind(self) -> str:
        kind = self.start.get("type")
        return kind if isinstance(kind, str) else ""

    def text(self, name: str) -> str:
        """A field of its start, if that is text."""
        value = self.start.get(name)
        return value if isinstance(value, str) else ""

    def add(self, delta: Mapping[str, Json]) -> None:
        """Take in a delta. Whatever its type is called: text grows the field of that name, all else replaces it."""
        if delta.get("type") == "citations_delta":
            self.citations.append(delta.get("citation"))
            return
        for name, value in delta.items():
            if name == "type" or value is None:
                continue
            if isinstance(value, str):
                self.pieces.setdefault(name, []).append(value)
            else:
                self.others[name] = value

    def finished(self) -> tuple[Block | None, bool]:
        """(the block, or None where it is text without any; whether its input did not arrive as a JSON object)."""
        block = dict(self.start) | self.others
        parts = {name: "".join(pieces) for name, pieces in self.pieces.items()}
        partial = parts.pop("partial_json", "")
        for name, grown in parts.items():
            block[name] = joined(self.text(name) + grown)
        if self.citations:
            block["citations"] = [*_listed(block.get("citations")), *self.citations]
        broken = False
        if partial or self.kind.endswith("tool_use"):
            block["input"], broken = _input(partial, block.get("input"))
        text = block.get("text")
        empty = self.kind == "text" and not (isinstance(text, str) and text.strip())
        return (None if empty else block), broken


def joined(text: str) -> str:
    """`text` with characters that two deltas tore apart put together again."""
    if text.isascii():
        return text
    return _PAIR.sub(lambda pair: pair.group().encode("utf-16", "surrogatepass").decode("utf-16"), text)


def _input(partial: str, start: Json) -> tuple[Json, bool]:
    if not partial.strip():
        whole = isinstance(start, Mapping) and bool(start)  # some servers send it all at the start
        return (start if whole else _EMPTY), False
    try:
        spelled = compact(joined(partial))
    except (ValueError, RecursionError):
        return _EMPTY, True
    return (spelled, False) if spelled.startswith(b"{") else (_EMPTY, True)


def _listed(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else []
