"""The chain: sealed messages linked by hash. Immutable and shared: a fork is one more pointer into it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Protocol

from omg.wire.seal import Message, Role, unseal

_PAGE = 64
"""Messages joined into one piece, so that a long history is walked in steps of this many."""


class Keeper(Protocol):
    """Keeps sealed bytes where they can be read again, so that not all of them need be in memory."""

    def read(self, node: Node) -> bytes:
        """The bytes of a node's message. Raises where they are not there any more, or are not those."""
        ...

    def holds(self, node: Node, size: int) -> None:
        """`node` has taken `size` bytes more into memory. The keeper may have it, or any other, let go of them."""
        ...


class Node:
    """One sealed message in its place. `id` is the SHA-256 of the parent's id and the message's bytes.

    A node that is kept somewhere (`keep`) reads its message again when that is wanted and not in memory.
    """

    __slots__ = (
        "__weakref__",
        "_jump",
        "_keeper",
        "_message",
        "_page",
        "_used",
        "at",
        "depth",
        "id",
        "parent",
        "role",
        "size",
    )

    def __init__(self, parent: Node | None, message: Message) -> None:
        self._place(parent, node_id(parent.id if parent else None, message.body), message.role, len(message.body))
        self._message: Message | None = message

    @classmethod
    def kept(cls, parent: Node | None, id: str, role: Role, length: int, keeper: Keeper, at: int) -> Node:
        """A node whose message of `length` bytes is not in memory: `keeper` has it, at `at`."""
        node = cls.__new__(cls)
        node._place(parent, id, role, length)
        node._message, node._keeper, node.at = None, keeper, at
        return node

    def _place(self, parent: Node | None, id: str, role: Role, length: int) -> None:
        self.parent = parent
        self.id = id
        self.role: Role = role
        self._page: tuple[bytes, Node | None] | None = None
        self._keeper: Keeper | None = None
        self.at = -1
        """Where its keeper has it, as the keeper counts."""
        self._used = False
        if parent is None:
            self.depth: int = 1
            """Messages up to and with this one."""
            self.size: int = length
            """Bytes of all messages up to and with this one, joined by commas."""
            self._jump: Node | None = None
            """An ancestor further up (None: behind the first), so that a long way up takes few steps."""
            return
        self.depth, self.size = parent.depth + 1, parent.size + 1 + length
        # Jumps of a skew-binary counter (Myers, An applicative random-access stack): any ancestor in O(log depth).
        jump = parent._jump
        equal = jump is not None and parent.depth - jump.depth == jump.depth - (jump._jump.depth if jump._jump else 0)
        self._jump = jump._jump if jump is not None and equal else parent

    @property
    def message(self) -> Message:
        """The sealed message. Raises what its keeper raises, where it is not in memory and cannot be read again."""
        self._used = True
        message = self._message
        if message is None:
            message = self._message = unseal(self._read())
            self._hold(self.length)
        return message

    @property
    def length(self) -> int:
        """Bytes of the message."""
        return self.size - self.start

    @property
    def start(self) -> int:
        """Where this message begins in the joined messages."""
        return self.parent.size + 1 if self.parent else 0

    @property
    def keeper(self) -> Keeper | None:
        """Who keeps the message; None while it is in memory alone."""
        return self._keeper

    def keep(self, keeper: Keeper, at: int) -> None:
        """From now on `keeper` has the message as well, at `at`, and the memory for it can be let go."""
        self._keeper, self.at = keeper, at
        if self._message is not None:
            self._hold(self.length)

    def let_go(self) -> bool:
        """Let the memory of what can be read again go, if it was not used since this was asked before; whether so."""
        if self._used or self._keeper is None:
            self._used = False
            return False
        self._message = self._page = None
        return True

    def _hold(self, size: int) -> None:
        if self._keeper is not None:
            self._keeper.holds(self, size)

    def _read(self) -> bytes:
        if self._keeper is None:
            raise LookupError(f"nobody keeps {self!r}")
        return self._keeper.read(self)

    def pieces(self) -> list[bytes]:
        """The joined messages up to and with this one, in pieces to be joined with nothing between."""
        backwards: list[bytes] = []
        node: Node | None = self
        while node is not None:
            if node.depth % _PAGE == 0:
                page, node = node._joined_page()
                backwards.append(page)
            else:
                backwards += node._linked(node.message.body)
                node = node.parent
        backwards.reverse()
        return backwards

    def _linked(self, body: bytes) -> tuple[bytes, ...]:
        """The message and what joins it to the one before, in backward order."""
        return (body, b",") if self.parent else (body,)

    def _joined_page(self) -> tuple[bytes, Node | None]:
        """The bytes of the page that this node closes, and the node before the page."""
        self._used = True
        page = self._page
        if page is None:
            parts, node = list(self._linked(self._body())), self.parent
            while node is not None and node.depth % _PAGE != 0:
                parts += node._linked(node._body())
                node = node.parent
            page = self._page = b"".join(reversed(parts)), node
            self._hold(len(page[0]))
        return page

    def _body(self) -> bytes:
        """The message's bytes, not taken into memory for later: a page holds them from here on."""
        return self._message.body if self._message is not None else self._read()

    def ancestors(self) -> Iterator[Node]:
        """This node, its parent, and so on to the first message."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent

    def at_depth(self, depth: int) -> Node | None:
        """The node of this history with `depth` messages; None when there is none."""
        node: Node | None = self if 0 < depth <= self.depth else None
        while node is not None and node.depth != depth:
            jump = node._jump
            node = jump if jump is not None and jump.depth >= depth else node.parent
        return node

    def extends(self, other: Node | None) -> bool:
        """Whether `other` (None: the empty history) is this node or one of its ancestors."""
        found = None if other is None else self.at_depth(other.depth)
        return other is None or (found is not None and found.id == other.id)

    def __repr__(self) -> str:
        return f"Node({self.id[:12]}, {self.role}, depth {self.depth})"


def common(one: Node | None, other: Node | None) -> Node | None:
    """The last message that two histories have in common; None where they differ from the first on."""
    depth = min(one.depth, other.depth) if one and other else 0
    one, other = (node.at_depth(depth) if node else None for node in (one, other))
    while one is not None and other is not None and one.id != other.id:
        one, other = one.parent, other.parent
    return one and other


def node_id(parent_id: str | None, body: bytes) -> str:
    """The id of a message after the node `parent_id` (None: at the beginning), in hexadecimal."""
    start = bytes.fromhex(parent_id) if parent_id else b""
    return hashlib.sha256(start + body).hexdigest()


def path(tip: Node | None) -> list[Node]:
    """The history of `tip`, oldest first."""
    return list(tip.ancestors())[::-1] if tip else []
