"""The guard: before a request leaves, its finished body is held against the last one sent, around the markers."""

from __future__ import annotations

from collections.abc import Iterator

from omg.wire.chain import path
from omg.wire.request import Body, Piece, prefix_length

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
    for name, sent, now in (
        ("endpoint", last.head.endpoint, new.head.endpoint),
        # Their order is nothing to a server.
        ("headers", sorted(last.head.headers), sorted(new.head.headers)),
    ):
        if sent != now:
            raise Diverged(branch, f"head field {name}", None, 0, repr(sent).encode(), repr(now).encode())
    length = last.prefix_length if until is None else until
    offset = _first_difference(new, last, length)
    if offset is not None:
        where, node = _locate(new, last, offset)
        raise Diverged(branch, where, node, offset, _excerpt(last, offset), _excerpt(new, offset))


def _first_difference(new: Body, last: Body, length: int) -> int | None:
    """The first unmarked offset below `length` at which the two bodies differ; None when there is none."""
    compared = 0
    for (piece, start, stop), (other, at, _) in _side_by_side(new, last, length):
        # The very same bytes at the very same place need no look: they cannot have changed.
        if (piece is not other or start != at) and not _stands(piece, start, stop, other, at):
            return compared + _differs_at(piece[start:stop], other[at : at + stop - start])
        compared += stop - start
    return None if compared >= length else compared


def _stands(piece: bytes, start: int, stop: int, other: bytes, at: int) -> bool:
    return piece.startswith(memoryview(other)[at : at + stop - start], start)


def _side_by_side(new: Body, last: Body, length: int) -> Iterator[tuple[Piece, Piece]]:
    """Both prefixes in pieces of the same sizes, `length` bytes of each at most."""
    left, right = new.prefix, last.prefix
    one, other = next(left, None), next(right, None)
    while length > 0 and one is not None and other is not None:
        size = min(one[2] - one[1], other[2] - other[1], length)
        if size:
            yield (one[0], one[1], one[1] + size), (other[0], other[1], other[1] + size)
        length -= size
        one, other = _behind(one, size, left), _behind(other, size, right)


def _behind(piece: Piece, size: int, rest: Iterator[Piece]) -> Piece | None:
    """What is left of `piece` behind its first `size` bytes, or else the next one."""
    data, start, stop = piece
    return (data, start + size, stop) if start + size < stop else next(rest, None)


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
        # A field that is added stands where the sent head had ended.
        added = offset > len(last.head.body)
        return f"head field {(new if added else last).head.field_at(offset)}", None
    for index, node in enumerate(path(last.tip)):
        if offset - messages <= node.size:
            return f"messages[{index}] ({node.role})", node.id
    return f"behind messages[{last.tip.depth - 1}]", new.tip.id


def _excerpt(body: Body, offset: int) -> bytes:
    """Some unmarked bytes from `offset` on."""
    found = b""
    for piece, start, stop in body.prefix:
        if offset < stop - start:
            found += piece[start + offset : stop][:_SHOWN]
            offset = 0
            if len(found) >= _SHOWN:
                break
        else:
            offset -= stop - start
    return found[:_SHOWN]
