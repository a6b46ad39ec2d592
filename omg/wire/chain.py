"""The chain: sealed messages linked by hash. Immutable and shared: a fork is one more pointer into it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from omg.wire.seal import Message

_PAGE = 64
"""Messages joined into one piece, so that a long history is walked in steps of this many."""


class Node:
    """One sealed message in its place. `id` is the SHA-256 of the parent's id and the message's bytes."""

    __slots__ = ("__weakref__", "_page", "depth", "id", "message", "parent", "size")

    def __init__(self, parent: Node | None, message: Message) -> None:
        self.parent = parent
        self.message = message
        self.id = node_id(parent.id if parent else None, message.body)
        self.depth: int = parent.depth + 1 if parent else 1
        """Messages up to and with this one."""
        self.size: int = (parent.size + 1 if parent else 0) + len(message.body)
        """Bytes of all messages up to and with this one, joined by commas."""
        self._page: tuple[bytes, Node | None] | None = None

    @property
    def start(self) -> int:
        """Where this message begins in the joined messages."""
        return self.size - len(self.message.body)

    def pieces(self) -> list[bytes]:
        """The joined messages up to and with this one, in pieces to be joined with nothing between."""
        backwards: list[bytes] = []
        node: Node | None = self
        while node is not None:
            if node.depth % _PAGE == 0:
                page, node = node._joined_page()
                backwards.append(page)
            else:
                backwards += node._linked()
                node = node.parent
        backwards.reverse()
        return backwards

    def _linked(self) -> tuple[bytes, ...]:
        """The message and what joins it to the one before, in backward order."""
        return (self.message.body, b",") if self.parent else (self.message.body,)

    def _joined_page(self) -> tuple[bytes, Node | None]:
        """The bytes of the page that this node closes, and the node before the page."""
        if self._page is None:
            parts, node = list(self._linked()), self.parent
            while node is not None and node.depth % _PAGE != 0:
                parts += node._linked()
                node = node.parent
            self._page = b"".join(reversed(parts)), node
        return self._page

    def ancestors(self) -> Iterator[Node]:
        """This node, its parent, and so on to the first message."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent

    def at_depth(self, depth: int) -> Node | None:
        """The node of this history with `depth` messages; None when there is none."""
        return next((node for node in self.ancestors() if node.depth == depth), None)

    def extends(self, other: Node | None) -> bool:
        """Whether `other` (None: the empty history) is this node or one of its ancestors."""
        found = None if other is None else self.at_depth(other.depth)
        return other is None or (found is not None and found.id == other.id)

    def __repr__(self) -> str:
        return f"Node({self.id[:12]}, {self.message.role}, depth {self.depth})"


def node_id(parent_id: str | None, body: bytes) -> str:
    """The id of a message after the node `parent_id` (None: at the beginning), in hexadecimal."""
    start = bytes.fromhex(parent_id) if parent_id else b""
    return hashlib.sha256(start + body).hexdigest()


def path(tip: Node | None) -> list[Node]:
    """The history of `tip`, oldest first."""
    return list(tip.ancestors())[::-1] if tip else []
