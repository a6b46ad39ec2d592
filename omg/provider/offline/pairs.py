"""Refuse tool calls without results, and results without calls, as the real API does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from omg.provider.offline.fault import invalid
from omg.provider.offline.shape import Fields, blocks

_Placed = tuple[int, int, Fields]


@dataclass(frozen=True, slots=True)
class _Turn:
    """Messages of one role in a row, which the API takes for one; blocks with the places they came from."""

    role: str
    first: int
    blocks: list[_Placed] = field(default_factory=list[_Placed])

    def ids(self, kind: str, name: str) -> list[str]:
        return [str(block[name]) for _, _, block in self.blocks if block.get("type") == kind]


def check_pairs(messages: Sequence[Fields]) -> None:
    """Raises Fault unless every `tool_use` is answered by one `tool_result` at the start of the next user turn."""
    turns = list(_turns(messages))
    calls = [name for turn in turns for name in turn.ids("tool_use", "id")]
    if len(calls) != len(set(calls)):
        raise invalid("messages: `tool_use` ids must be unique")
    before = _Turn("user", 0)
    for turn, after in zip(turns, [*turns[1:], None], strict=True):
        if turn.role == "user":
            _check_results(turn, before)
        else:
            _check_answered(turn, after)
        before = turn


def _check_answered(turn: _Turn, after: _Turn | None) -> None:
    answered = set(_leading_results(after)) if after is not None else set[str]()
    lost = [name for name in turn.ids("tool_use", "id") if name not in answered]
    if lost:
        raise invalid(
            f"messages.{turn.first}: `tool_use` ids were found without `tool_result` blocks immediately after: "
            f"{', '.join(lost)}. "
            "Each `tool_use` block must have a corresponding `tool_result` block in the next message."
        )


def _check_results(turn: _Turn, before: _Turn) -> None:
    calls = set(before.ids("tool_use", "id"))
    seen: set[str] = set()
    for place, at, block in turn.blocks:
        if block.get("type") != "tool_result":
            continue
        name = str(block["tool_use_id"])
        if name not in calls:
            raise invalid(
                f"messages.{place}.content.{at}: unexpected `tool_use_id` found in `tool_result` blocks: {name}. "
                "Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
            )
        if name in seen:
            raise invalid(
                f"messages.{place}.content.{at}: each tool_use must have a single result. "
                f"Found multiple `tool_result` blocks with id: {name}"
            )
        seen.add(name)


def _leading_results(turn: _Turn) -> Iterator[str]:
    """Results in front of everything else: behind other blocks they are not "immediately after" (tool use docs)."""
    for _, _, block in turn.blocks:
        if block.get("type") != "tool_result":
            return
        yield str(block["tool_use_id"])


def _turns(messages: Sequence[Fields]) -> Iterator[_Turn]:
    spoken = [(n, message) for n, message in enumerate(messages) if message.get("role") != "system"]
    for role, run in groupby(spoken, key=lambda pair: str(pair[1].get("role"))):
        pairs = list(run)
        turn = _Turn(role, pairs[0][0])
        for place, message in pairs:
            turn.blocks.extend((place, at, block) for at, block in enumerate(blocks(message.get("content"))))
        yield turn
