"""The sealed messages of a log, read again when they are wanted: only those in use are in memory."""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path
from weakref import finalize, ref

from omg.agent.journal import JournalError
from omg.wire.chain import Node, node_id

MOST = 16_000_000
"""Bytes of messages, and of the pages they are joined to, that stay in memory: a few prefixes of a million tokens."""
_BESIDE = 600
"""Bytes that a message in memory takes beside its own, about."""


class BytesLost(JournalError):
    """A sealed message cannot be read again from the log. Says which, where, and what to do."""


class Bodies:
    """Keeps the messages of one log, at the offsets where they stand in it.

    Every one is held against its node's id as it is read, so that damage which comes to a log while it is in use is
    found before its bytes are. The file stays open as long as any node of it lives: it may be moved or unlinked.
    When more than `most` bytes are in memory, those not used for longest are let go.
    """

    def __init__(self, path: Path, most: int = MOST) -> None:
        """Raises OSError."""
        self.path = path
        self._most = most
        self._held = 0
        self._nodes: deque[tuple[ref[Node], int]] = deque()
        """Weak, so that nodes and what keeps them go as soon as their tree does, and the file is closed then."""
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        finalize(self, os.close, self._file)

    def read(self, node: Node) -> bytes:
        """See `Keeper.read`. Raises BytesLost."""
        try:
            body = os.pread(self._file, node.length, node.at)
        except OSError as error:
            raise self._lost(node, error.strerror or str(error)) from error
        if node_id(node.parent.id if node.parent else None, body) != node.id:
            raise self._lost(node, "the bytes there are not those that were sealed")
        return body

    def _lost(self, node: Node, why: str) -> BytesLost:
        return BytesLost(
            f"message {node.id[:12]} cannot be read again from byte {node.at} of {self.path}: {why}; "
            f"`omg verify {self.path.stem}` says what else is damaged, and /fork @ANCHOR goes on from before it"
        )

    def holds(self, node: Node, size: int) -> None:
        """See `Keeper.holds`."""
        self._nodes.append((ref(node), size + _BESIDE))
        self._held += size + _BESIDE
        # Once around at most: all that is there may be in use.
        for _ in range(len(self._nodes) if self._held > self._most else 0):
            oldest, taken = self._nodes.popleft()
            there = oldest()
            if there is None or there.let_go():
                self._held -= taken
            else:
                self._nodes.append((oldest, taken))
            if self._held <= self._most:
                return
