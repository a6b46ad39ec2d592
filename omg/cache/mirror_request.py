"""Read a Messages request: its blocks as they were sent, less their markers, and its parameters."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from omg.cache.mirror_scan import Scan
from omg.core.usage import Ttl

_MARKER = "cache_control"


@dataclass(frozen=True, slots=True)
class Block:
    """A tool, or a block of system or of a message."""

    raw: bytes
    """As it was sent, less its marker. Content sent as a string is that string, quoted."""
    value: Mapping[str, object]
    """The same, parsed; every number is a float."""
    marker: Ttl | None = None

    @property
    def kind(self) -> str:
        """Its `type`; empty where it has none."""
        return str(self.value.get("type", ""))


@dataclass(frozen=True, slots=True)
class Turn:
    """One message: its blocks, and all else it says (`role`, ...) as `wrapper`."""

    role: str
    wrapper: bytes
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """A Messages request. `parameters` are its top-level fields but for tools, system and messages."""

    model: str
    parameters: Mapping[str, object]
    tools: tuple[Block, ...]
    system: tuple[Block, ...]
    turns: tuple[Turn, ...]


def read_request(body: bytes) -> Request:
    """Read a request's body. Raises ValueError, in words, where it is not a Messages request."""
    scan = Scan(body.decode())
    parameters: dict[str, object] = {}
    blocks: dict[str, tuple[Block, ...]] = {"tools": (), "system": ()}
    turns: tuple[Turn, ...] | None = None
    for name, _ in scan.fields():
        if name == "messages":
            turns = tuple(_turns(scan))
        elif name in blocks:
            blocks[name] = tuple(_content(scan, name))
        else:
            parameters[name] = scan.value()
    scan.end()
    model = parameters.get("model")
    if not isinstance(model, str) or turns is None:
        raise ValueError("not a Messages request: it needs a model and messages")
    return Request(model, parameters, **blocks, turns=turns)


def stable(value: object) -> bytes:
    """JSON in which neither white space nor the order of keys tells two equal values apart. Raises ValueError."""
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    except RecursionError:
        raise ValueError("not JSON that can be read: nested too deeply") from None


def ttl_of(marker: object) -> Ttl | None:
    """What a `cache_control` value asks for; None where it is no marker. A ttl left out is 5m."""
    if not isinstance(marker, dict):
        return None
    return "1h" if cast(dict[str, object], marker).get("ttl") == "1h" else "5m"


def _turns(scan: Scan) -> Iterator[Turn]:
    if not scan.opens("["):
        raise ValueError("not a Messages request: messages is no array")
    for start in scan.items():
        if not scan.opens("{"):
            raise ValueError(f"not a Messages request: a message is no object, at character {start}")
        yield _turn(scan)


def _turn(scan: Scan) -> Turn:
    said: dict[str, object] = {}
    blocks: tuple[Block, ...] | None = None
    for name, _ in scan.fields():
        if name == "content":
            blocks = tuple(_content(scan, name))
        else:
            said[name] = scan.value()
    role = said.get("role")
    if not isinstance(role, str) or blocks is None:
        raise ValueError("not a Messages request: a message needs a role and content")
    return Turn(role, stable(said), blocks)


def _content(scan: Scan, name: str) -> Iterator[Block]:
    if scan.opens("["):
        for _ in scan.items():
            yield _block(scan, name)
    elif scan.opens('"') and name != "tools":
        start, text = scan.place(), scan.value()
        yield Block(scan.text[start : scan.at].encode(), {"type": "text", "text": text})
    elif scan.value() is not None or name == "content":
        raise ValueError(f"not a Messages request: {name} has the wrong form, before character {scan.at}")


def _block(scan: Scan, name: str) -> Block:
    start, value = scan.place(), scan.value()
    if not isinstance(value, dict):
        raise ValueError(f"not a Messages request: {name} holds no object at character {start}")
    value, raw = cast(dict[str, object], value), scan.text[start : scan.at]
    if _MARKER not in value:
        return Block(raw.encode(), value)
    return Block(_unmarked(raw).encode(), value, ttl_of(value[_MARKER]))


def _unmarked(raw: str) -> str:
    """`raw` as it would have been written without its marker: the field goes, with one comma."""
    scan, head, kept, end = Scan(raw), "", "", 0
    for name, start in scan.fields():
        scan.value()
        head = head or raw[:start]
        if name != _MARKER:
            kept += raw[end if kept else start : scan.at]
        end = scan.at
    return head + kept + raw[end:]
