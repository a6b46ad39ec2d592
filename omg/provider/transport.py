"""The seam under a provider: bytes go out, server-sent events come back. Who carries them can be exchanged."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

Pieces = Sequence[bytes | memoryview]
"""A body in pieces, to be sent one behind the other with nothing between."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One server-sent event: its `event:` line and its data."""

    event: str
    data: str


@dataclass(frozen=True, slots=True)
class Reply:
    """A 200 whose events are still to come. `headers` have lower-case names."""

    headers: Mapping[str, str]
    frames: AsyncIterator[Frame]


class StatusFailed(Exception):
    """The server answered with a status other than 200; `body` is what it said."""

    def __init__(self, status: int, headers: Mapping[str, str], body: str) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.headers = headers
        self.body = body


class ConnectionFailed(Exception):
    """No connection, a time-out, or a connection lost in mid-stream. The text says which."""


class Transport(Protocol):
    """Carries one request at a time per call; many calls may be under way."""

    def post(self, path: str, body: Pieces, headers: Mapping[str, str]) -> AbstractAsyncContextManager[Reply]:
        """POST exactly the bytes of `body`, once, with no retry. Raises StatusFailed or ConnectionFailed, on entry or
        from the frames; leaving the context closes the connection."""
        ...

    def warm_up(self) -> None:
        """Begin slow imports in the background; returns at once."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...
