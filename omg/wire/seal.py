"""Seal a message: render it once to canonical bytes, and find its blocks again in those bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, cast

Role = Literal["user", "assistant"]


class Raw(bytes):
    """JSON text as somebody else wrote it (a number's spelling, a tool's input): rendered verbatim."""


Json = None | bool | int | float | str | Raw | Sequence["Json"] | Mapping[str, "Json"]
Block = Mapping[str, Json]

_SURROGATE = re.compile("[\ud800-\udfff]")
# A JSON string, or white space outside one; a lone \uD8xx escape inside a string is mended separately.
_STRING_OR_SPACE = re.compile(r'("(?:[^"\\]|\\.)*")|[ \t\r\n]+')
_ESCAPED_PAIR_OR_LONE = re.compile(
    r"(\\\\)|(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
_STRUCTURE = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\],:]')

# What may carry a `cache_control` marker inside a message (prompt caching docs: text, image, document,
# tool_use, tool_result; never thinking, never empty text).
_MARKABLE = frozenset({"text", "image", "document", "tool_use", "tool_result"})


def scrub(text: str) -> str:
    """`text` with lone surrogates (undecodable file names, broken output) replaced, so that it encodes."""
    return _SURROGATE.sub("�", text) if not text.isascii() else text


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), check_circular=False)


def canonical(value: Json) -> bytes:
    """JSON in UTF-8: no spaces, keys in the order given, `Raw` verbatim. Raises ValueError on NaN."""
    try:
        return scrub(_ENCODER.encode(value)).encode()
    except TypeError:  # a `Raw` somewhere inside, which the standard encoder has no word for
        return b"".join(_render(value))


def _render(value: Json) -> Iterator[bytes]:
    if isinstance(value, Raw):
        yield bytes(value)
    elif isinstance(value, str):
        yield json.dumps(scrub(value), ensure_ascii=False).encode()
    elif isinstance(value, Mapping):
        yield b"{"
        for place, (key, item) in enumerate(value.items()):
            yield b"," if place else b""
            yield json.dumps(scrub(key), ensure_ascii=False).encode() + b":"
            yield from _render(item)
        yield b"}"
    elif isinstance(value, Sequence):
        yield b"["
        for place, item in enumerate(value):
            yield b"," if place else b""
            yield from _render(item)
        yield b"]"
    else:
        yield json.dumps(value, allow_nan=False).encode()


def _number(text: str) -> Raw:
    return Raw(text.encode())


def _constant(text: str) -> Json:
    raise ValueError(f"{text} is not JSON")


def parse(text: str | bytes) -> Json:
    """JSON with every number kept as it was spelled (`Raw`), so that rendering it gives it back."""
    return cast(Json, json.loads(text, parse_int=_number, parse_float=_number, parse_constant=_constant))


def compact(text: str) -> Raw:
    """JSON text as it was written, less the white space between its parts and with lone surrogates replaced.

    Key order, duplicate keys, escapes and the spelling of numbers stay. Raises ValueError when it is not JSON.
    """
    parse(text)

    def keep(match: re.Match[str]) -> str:
        string = match.group(1)
        return "" if string is None else _ESCAPED_PAIR_OR_LONE.sub(_mend_escape, string)

    return Raw(scrub(_STRING_OR_SPACE.sub(keep, text)).encode())


def _mend_escape(match: re.Match[str]) -> str:
    return "\\ufffd" if match.group(3) else match.group(0)


@dataclass(frozen=True, slots=True)
class Place:
    """One block inside a sealed message: `message.body[start:end]`, `end` behind its closing brace."""

    kind: str
    start: int
    end: int
    markable: bool


@dataclass(frozen=True)
class Message:
    """A sealed message: `body` is exactly what will be sent, for ever. All else is read from it."""

    role: Role
    body: bytes

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Where its blocks are, read from the bytes."""
        return tuple(_places(self.body))

    @property
    def content(self) -> list[dict[str, object]]:
        """Its blocks, parsed, to look at; never to be rendered again."""
        return cast(list[dict[str, object]], json.loads(self.body)["content"])


def seal(role: Role, blocks: Sequence[Block]) -> Message:
    """Render a message once. Raises ValueError without blocks: the API refuses empty content."""
    if not blocks:
        raise ValueError("a message needs at least one block")
    return Message(role, canonical({"role": role, "content": blocks}))


def unseal(body: bytes) -> Message:
    """A sealed message from its bytes, as they stand in the log. Raises ValueError when they are not one."""
    for role in ("user", "assistant"):
        if body.startswith(b'{"role":"%s","content":[{' % role.encode()) and body.endswith(b"}]}"):
            return Message(role, body)
    raise ValueError(f"not a sealed message: {body[:60]!r}")


def _places(body: bytes) -> Iterator[Place]:
    for start, end in members(body, depth=2):
        block = cast(dict[str, object], json.loads(body[start:end]))
        kind = str(block.get("type"))
        yield Place(kind, start, end, kind in _MARKABLE and block.get("text") != "")


def members(body: bytes, depth: int) -> Iterator[tuple[int, int]]:
    """Where the objects stand that are `depth` brackets deep in `body`: (first byte, behind the last)."""
    level, start = 0, 0
    for match in _STRUCTURE.finditer(body):
        token = match.group()
        if token in (b"{", b"["):
            if level == depth and token == b"{":
                start = match.start()
            level += 1
        elif token in (b"}", b"]"):
            level -= 1
            if level == depth and token == b"}":
                yield start, match.end()


def fields(body: bytes) -> Iterator[tuple[str, int, int]]:
    """The top-level fields of an object that may be unfinished: (name, first byte, behind the last)."""
    level, name, start, last = 0, None, 1, len(body)
    for match in _STRUCTURE.finditer(body):
        token = match.group()
        if level == 1 and name is None and token.startswith(b'"'):
            name, start = token[1:-1].decode(), match.start()
        elif token in (b"{", b"["):
            level += 1
        elif token in (b"}", b"]"):
            level -= 1
            last = match.start() if level == 0 else last
        elif token == b"," and level == 1 and name is not None:
            yield name, start, match.start()
            name = None
    if name is not None:
        yield name, start, last
