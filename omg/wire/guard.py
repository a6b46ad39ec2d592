"""The guard: before a request leaves, its finished body is held against the last one sent, around the markers."""

from __future__ import annotations

from collections.abc import Iterator

from omg.wire.chain import path
from omg.wire.request import Body, prefix_length

_SHOWN = 48
"""Bytes shown on each side of a difference."""


class Diverged(Exception):
    """A request that does not extend what was sent. Nothing has been sent."""

    def __init__(self, branch: str, where: str, node: str | None, offset: int, sent: bytes, now: bytes) -> None:
        self.branch = branch
        self.where = where
        self.node = node
        self.offset = offset
        self.sent = sent
        self.now = now
        at = f"{where}, node {node[:12]}" if node else where
        super().__init__(
            f"refused to send: on branch {branch}, byte {offset} ({at}) differs from what was sent: "
            f"sent {sent!r}, now {now!r}. What was sent stays sent: go on in a new branch with /fork"
        )


def check(new: Body, last: Body, branch: str, until: int | None = None) -> None:
    """Raise Diverged unless `new` extends `last`, markers apart.

    `until` is how many unmarked bytes of `last` must stand again (all of its head and messages when None): a
    fork from an earlier node shares only the bytes up to that node.
    """
    for name in ("endpoint", "headers"):
        sent, now = getattr(last.head, name), getattr(new.head, name)
        if sent != now:
            raise Diverged(branch, f"head field {name}", None, 0, repr(sent).encode(), repr(now).encode())
    length = last.prefix_length if until is None else until
    offset = _first_difference(new, last, length)
    if offset is not None:
        where, node = _locate(new, last, offset)
        raise Diverged(branch, where, node, offset, _excerpt(last, offset), _excerpt(new, offset))


def _first_difference(new: Body, last: Body, length: int) -> int | None:
    """The first unmarked offset below `length` at which the two bodies differ; None when there is none."""
    view = memoryview(last.data)
    compared = 0
    for at_new, at_last, size in _common_runs(new, last, length):
        piece = view[at_last : at_last + size]
        if not new.data.startswith(piece, at_new):
            return compared + _differs_at(new.data[at_new : at_new + size], bytes(piece))
        compared += size
    return None if compared >= length else compared


def _common_runs(new: Body, last: Body, length: int) -> Iterator[tuple[int, int, int]]:
    """Spans that lie between two markers in both bodies: (offset in new, offset in last, size)."""
    left, right = new.runs(), last.runs()
    new_start, new_end = next(left)
    last_start, last_end = next(right)
    while length > 0:
        size = min(new_end - new_start, last_end - last_start, length)
        if size:
            yield new_start, last_start, size
        new_start, last_start, length = new_start + size, last_start + size, length - size
        if new_start == new_end:
            new_start, new_end = next(left, (-1, -1))
        if last_start == last_end:
            last_start, last_end = next(right, (-1, -1))
        if new_start < 0 or last_start < 0:
            return


def _differs_at(one: bytes, other: bytes) -> int:
    """The first offset at which two different byte strings differ, found by halving."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _locate(new: Body, last: Body, offset: int) -> tuple[str, str | None]:
    """What the unmarked byte `offset` belongs to, in words, and the node it lies in."""
    messages = prefix_length(last.head, None)
    if offset < messages:
        return f"head field {last.head.field_at(offset)}", None
    for index, node in enumerate(path(last.tip)):
        if offset - messages <= node.size:
            return f"messages[{index}] ({node.message.role})", node.id
    return f"behind messages[{last.tip.depth - 1}]", new.tip.id


def _excerpt(body: Body, offset: int) -> bytes:
    """Some unmarked bytes from `offset` on."""
    for start, end in body.runs():
        if offset < end - start:
            return body.data[start + offset : min(end, start + offset + _SHOWN)]
        offset -= end - start
    return b""
