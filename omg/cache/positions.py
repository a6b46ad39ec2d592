"""A request as the provider's cache sees it: one row of positions, tools before system before messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from omg.cache.mirror_request import Block, Request, Turn, read_request, stable, ttl_of
from omg.cache.rules import CONCERNS, DEFAULT_EFFORT, DROPS_THINKING, OMITTED, TOOL_RUNS, Tier, for_model
from omg.core.usage import Ttl

_THINKING = frozenset({"thinking", "redacted_thinking"})
# Switching these on changes the system prompt, and leaves the cache of tools standing.
_WEB_TOOLS = ("web_search", "web_fetch")


@dataclass(frozen=True, slots=True)
class Position:
    """A block, where an entry of the cache may end."""

    lead: bytes
    """What enters the prefix before it without being a position: a tier's parameters, a message's role."""
    body: bytes
    kind: str
    markable: bool
    marker: Ttl | None


@dataclass(frozen=True, slots=True)
class Prompt:
    """All positions of a request, in the order the provider renders them."""

    model: str
    positions: tuple[Position, ...]


def read_prompt(body: bytes) -> Prompt:
    """The positions of a request's body, an automatic marker placed. Raises ValueError where it is no
    Messages request."""
    request = read_request(body)
    row = list(_row(_parts(request)))
    _place_automatic(row, ttl_of(request.parameters.get("cache_control")))
    return Prompt(request.model, tuple(row))


def units(positions: Sequence[Position], collapse_tool_runs: bool) -> list[int]:
    """Each position's number as the look-back counts; within a collapsed run all have the same."""
    numbers: list[int] = []
    last = None
    for position in positions:
        same = collapse_tool_runs and position.kind in TOOL_RUNS and position.kind == last
        numbers.append((numbers[-1] if numbers else 0) + (not same))
        last = position.kind
    return numbers


def framed(part: bytes) -> bytes:
    """`part` behind its length, so that joined parts cannot be read in two ways."""
    return b"%d:" % len(part) + part


def _parts(request: Request) -> Iterator[tuple[bytes, Iterable[Block]]]:
    loaded = [tool for tool in request.tools if tool.value.get("defer_loading") is not True]
    web = (tool for tool in loaded if tool.kind.startswith(_WEB_TOOLS))
    yield _key("tools", request), (tool for tool in loaded if not tool.kind.startswith(_WEB_TOOLS))
    yield _key("system", request), (*web, *request.system)
    yield _key("messages", request), ()
    yield from ((turn.wrapper, turn.blocks) for turn in _rendered(request))


def _row(parts: Iterable[tuple[bytes, Iterable[Block]]]) -> Iterator[Position]:
    lead = b""
    for key, blocks in parts:
        lead += framed(key)
        for block in blocks:
            markable = _markable(block)
            yield Position(lead, block.raw, block.kind, markable, block.marker if markable else None)
            lead = b""


def _markable(block: Block) -> bool:
    return block.kind not in _THINKING and not (block.kind == "text" and block.value.get("text") == "")


def _place_automatic(row: list[Position], ttl: Ttl | None) -> None:
    last = next((place for place in reversed(range(len(row))) if row[place].markable), None)
    if ttl is not None and last is not None and row[last].marker is None:
        row[last] = replace(row[last], marker=ttl)


def _key(tier: Tier, request: Request) -> bytes:
    """What loses `tier` when it changes, blocks aside."""
    omitted = {**OMITTED, "output_config.effort": for_model(DEFAULT_EFFORT, request.model, "high")}
    chosen: dict[str, object] = {}
    for path, first in CONCERNS.items():
        if first == tier:
            given = _at(request.parameters, path)
            chosen[path] = omitted.get(path) if given is None else given
    if tier == "system":
        chosen["citations"] = any(map(_cites, _contents(request)))
    if tier == "messages":
        chosen["images"] = any(value.get("type") == "image" for value in _contents(request))
    return stable(chosen)


def _at(parameters: Mapping[str, object], path: str) -> object:
    outer, _, inner = path.partition(".")
    found = parameters.get(outer)
    if not inner:
        return found
    return cast(dict[str, object], found).get(inner) if isinstance(found, dict) else None


def _contents(request: Request) -> Iterator[Mapping[str, object]]:
    """Every block of the messages, and what tool results hold."""
    for turn in request.turns:
        for block in turn.blocks:
            yield block.value
            held = block.value.get("content") if block.kind == "tool_result" else None
            if isinstance(held, list):
                for item in cast(list[object], held):
                    if isinstance(item, dict):
                        yield cast(dict[str, object], item)


def _cites(value: Mapping[str, object]) -> bool:
    citations = value.get("citations")
    return isinstance(citations, dict) and cast(dict[str, object], citations).get("enabled") is True


def _rendered(request: Request) -> Iterable[Turn]:
    """The turns, less the thinking that this model takes out of the prefix."""
    if not for_model(DROPS_THINKING, request.model, False):
        return request.turns
    spoken = [place for place, turn in enumerate(request.turns) if _speaks(turn)]
    newest = spoken[-1] if spoken else 0
    return (_without_thinking(turn) if place < newest else turn for place, turn in enumerate(request.turns))


def _speaks(turn: Turn) -> bool:
    return turn.role == "user" and any(block.kind != "tool_result" for block in turn.blocks)


def _without_thinking(turn: Turn) -> Turn:
    return replace(turn, blocks=tuple(block for block in turn.blocks if block.kind not in _THINKING))
