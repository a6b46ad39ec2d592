"""Refuse cache markers that the real API refuses: too many, out of order, or where none may stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from omg.provider.offline.fault import invalid
from omg.provider.offline.shape import Fields, blocks, fields, messages

_MOST = 4


def check_markers(request: Fields) -> None:
    """Raises Fault by the rules of the prompt caching docs (September 2026); words as reported by clients."""
    for place, message in enumerate(messages(request)):
        for at, block in enumerate(blocks(message.get("content"))):
            _check_place(f"messages.{place}.content.{at}", block)
    marked = list(_marked(request))
    for path, marker in marked:
        _check_marker(path, marker)
    if len(marked) > _MOST:
        raise invalid(f"A maximum of 4 blocks with cache_control may be provided. Found {len(marked)}.")
    _check_order(marked)
    _check_automatic(request)


def _check_place(path: str, block: Fields) -> None:
    kind = block.get("type")
    if kind == "tool_result" and any(_has_marker(inner) for inner in blocks(block.get("content"))):
        raise invalid(
            f"{path}.tool_result.content: cache_control may not be specified within tool_result.content. "
            "Instead, place it directly on tool_result"
        )
    if not _has_marker(block):
        return
    if kind in ("thinking", "redacted_thinking"):
        raise invalid(f"{path}.{kind}.cache_control: Extra inputs are not permitted")
    if kind == "text" and block.get("text") == "":
        raise invalid(f"{path}.text: cache_control cannot be set for empty text blocks")


def _check_marker(path: str, marker: object) -> None:
    kind = fields(marker).get("type")
    if kind != "ephemeral":
        raise invalid(f"{path}: Input tag '{kind}' does not match any of the expected tags: 'ephemeral'")
    if _ttl(marker) not in ("5m", "1h"):
        raise invalid(f"{path}.ttl: Input should be '5m' or '1h'")


def _check_order(marked: Sequence[tuple[str, object]]) -> None:
    shorter = False
    for path, marker in marked:
        if _ttl(marker) == "5m":
            shorter = True
        elif shorter:
            raise invalid(
                f"{path}.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. "
                "Note that blocks are processed in the following order: `tools`, `system`, `messages`."
            )


def _check_automatic(request: Fields) -> None:
    """The automatic marker goes on the last block; it may not ask another ttl of one that is marked."""
    if not _has_marker(request):
        return
    last = blocks(messages(request)[-1].get("content"))[-1]
    if _has_marker(last) and _ttl(last["cache_control"]) != _ttl(request["cache_control"]):
        raise invalid("cache_control.ttl: the last block already carries a cache_control with a different ttl")


def _marked(request: Fields) -> Iterator[tuple[str, object]]:
    """(path, marker) in the order in which the provider renders: tools, system, messages, automatic."""
    for name in ("tools", "system"):
        for place, block in enumerate(blocks(request.get(name))):
            if _has_marker(block):
                yield f"{name}.{place}.cache_control", block["cache_control"]
    for place, message in enumerate(messages(request)):
        for at, block in enumerate(blocks(message.get("content"))):
            if _has_marker(block):
                yield f"messages.{place}.content.{at}.cache_control", block["cache_control"]
    if _has_marker(request):
        yield "cache_control", request["cache_control"]


def _has_marker(block: Fields) -> bool:
    return block.get("cache_control") is not None


def _ttl(marker: object) -> object:
    return fields(marker).get("ttl", "5m")
