"""Records as JSON, and back. A head's and a message's bytes stand in their line verbatim, as its last field.

When the format is raised. New kinds of records and new fields with defaults do not raise it: who does not know them
passes them over, and what they say must be something that an older version can do without. FORMAT is raised by one when
a log could be misread: a record or a field goes, is renamed or means something else; a new record must be known for the
history, the next request or the ledger to be right; the framing of lines changes. Then

- the code reads every older format, for good: a session goes on with the head it began with, and its log is raised to
  the format that it goes on in by a second record of the session, so that what is older leaves it alone;
- a log that the old code has written is kept as `tests/session/formats/vN.jsonl`, before the change;
- a version that is older says that it cannot read the log, and touches nothing.

2: a request tells what the provider was asked to compare it with (`previous`), without which its bytes cannot be
rendered again, and the next one not held against it; an epoch tells what its history has told and read.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from functools import cache
from typing import Any, cast

from omg.agent import journal
from omg.agent.journal import HeadMade, NodeSealed, Record
from omg.agent.state import Tree
from omg.core.usage import Usage
from omg.wire.chain import Node
from omg.wire.head import Head
from omg.wire.seal import Json, canonical, unseal

FORMAT = 2
"""The version of this format, written into each session's first record, and when it goes on in a newer one."""

_MESSAGE = b',"message":'
BODY_END = len(b"}\n")
"""What stands between the end of a message and the end of its line."""
_BODY = b',"body":'


class BadRecord(ValueError):
    """A line that is JSON and not a record of this format, or one that contradicts itself."""


_KINDS: dict[str, type[Record]] = {
    kind.kind: kind
    for kind in vars(journal).values()
    if isinstance(kind, type) and issubclass(kind, Record) and kind is not Record
}


@cache
def _names(kind: type[Record]) -> tuple[str, ...]:
    """The fields of a kind of record, in the order they are written."""
    return tuple(field.name for field in fields(kind))


def encode(record: Record) -> bytes:
    """A record as one JSON object, without a new line."""
    values: dict[str, Json] = {"kind": record.kind}
    last = b"}"
    for name in _names(type(record)):
        value = getattr(record, name)
        match value:
            case Node():
                values |= {"id": value.id, "parent": value.parent.id if value.parent else None}
                last = _MESSAGE + value.message.body + b"}"
            case Head():
                headers = [list(pair) for pair in value.headers]
                values |= {"id": value.id, "endpoint": value.endpoint, "headers": headers}
                last = _BODY + value.body + b"}}"
            case Usage():
                values[name] = value.to_json()
            case _:
                values[name] = value
    return canonical(values)[:-1] + last


def sealed_in(record: Record) -> Node | None:
    """The node that is sealed by a record, whose message ends its line."""
    node = getattr(record, "node", None)
    return node if isinstance(node, Node) else None


def decode(line: bytes, tree: Tree) -> Record | None:
    """The record in a line; None for a kind this version does not know. `tree` is what came before it.

    Raises BadRecord, and KeyError where it names a node that never came.
    """
    if line.startswith(b'{"kind":"node"'):
        return _node(line, tree)
    if line.startswith(b'{"kind":"head"'):
        return _head(line)
    values = cast(dict[str, Any], json.loads(line))
    kind = _KINDS.get(str(values.pop("kind", None)))
    if kind is None:
        return None
    return _made(kind, values)


def _made(kind: type[Record], values: dict[str, Any]) -> Record:
    known = {name: _CONVERT.get(name, _same) for name in _names(kind)}
    try:
        return kind(**{name: known[name](value) for name, value in values.items() if name in known})
    except (TypeError, ValueError) as error:
        raise BadRecord(f"not a whole {kind.kind} record: {error}") from error


def _same(value: Any) -> Any:
    return value


def _usage(value: Any) -> Usage | None:
    return None if value is None else Usage(**value)


_CONVERT: dict[str, Callable[[Any], Any]] = {
    "usage": _usage,
    "predicted": _usage,
    "marks": lambda value: tuple(tuple(mark) for mark in value),
    "joins": tuple,
}


def _split(line: bytes, mark: bytes) -> tuple[dict[str, Any], bytes]:
    """The fields before the verbatim bytes, and these bytes: an object, which none of those fields holds at a name
    like theirs."""
    front, found, rest = line.partition(mark + b"{")
    if not found:
        raise BadRecord("the verbatim bytes are missing")
    return cast(dict[str, Any], json.loads(front + b"}")), b"{" + rest[:-1]


def _node(line: bytes, tree: Tree) -> NodeSealed:
    values, body = _split(line, _MESSAGE)
    try:
        node = Node(tree.node(values.pop("parent")), unseal(body))
    except ValueError as error:
        raise BadRecord(str(error)) from error
    if node.id != values.pop("id"):
        raise BadRecord("the message is not the one that was sealed: its id differs")
    values.pop("kind")
    return cast(NodeSealed, _made(NodeSealed, {**values, "node": tree.nodes.get(node.id, node)}))


def _head(line: bytes) -> HeadMade:
    values, body = _split(line, _BODY)
    headers = tuple((str(name), str(value)) for name, value in values["headers"])
    head = Head(str(values["endpoint"]), headers, body[:-1])
    if head.id != values["id"]:
        raise BadRecord("the head is not the one that was used: its id differs")
    return HeadMade(at=values["at"], head=head)
