"""The Provider over the Messages API: one POST, its events, and every failure as a ProviderError."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import contextmanager, suppress

from omg.provider import errors
from omg.provider.accumulate import accumulate
from omg.provider.profiles import Profile
from omg.provider.protocol import Call, Ended, ProviderError, StreamEvent
from omg.provider.reported import counted
from omg.provider.transport import ConnectionFailed, Reply, StatusFailed, Transport

PATH = "/v1/messages"

# How long to read on after the last event, so that the connection can be used again. Most servers close the
# response in the same breath; one that does not must not hold the turn.
_LINGER = 0.25


class MessagesProvider:
    """Implements `omg.provider.protocol.Provider` over a transport."""

    def __init__(self, transport: Transport, profile: Profile, endpoint: str) -> None:
        self._transport = transport
        self._profile = profile
        self._endpoint = endpoint

    @property
    def endpoint(self) -> str:
        return self._endpoint

    @property
    def profile(self) -> Profile:
        """What is particular to this endpoint."""
        return self._profile

    async def stream(self, call: Call) -> AsyncGenerator[StreamEvent, None]:
        """See `Provider.stream`. A body that asks for no stream (a pre-warm) is answered by `Began` and `Ended`."""
        with self._failures():
            async with self._transport.post(PATH, call.pieces, _headers(call)) as reply:
                async for event in self._events(reply):
                    yield event

    async def count_tokens(self, call: Call) -> int:
        """See `Provider.count_tokens`."""
        if not self._profile.counts_tokens:
            raise ProviderError("refused", f"{self._profile.name} does not count tokens")
        with self._failures():
            async with self._transport.post(f"{PATH}/count_tokens", call.pieces, _headers(call)) as reply:
                return counted([frame async for frame in reply.frames], reply.headers.get("request-id"))

    @contextmanager
    def _failures(self) -> Generator[None]:
        """What goes wrong on the way, as ProviderError."""
        try:
            yield
        except StatusFailed as failed:
            raise errors.of_status(failed, self._profile, self._endpoint) from None
        except ConnectionFailed as failed:
            raise errors.of_connection(failed, self._profile, self._endpoint) from None

    async def _events(self, reply: Reply) -> AsyncIterator[StreamEvent]:
        headers: Mapping[str, str] = reply.headers
        async for event in accumulate(reply.frames, headers, self._profile.usage_in):
            if isinstance(event, Ended):
                await _drained(reply)
            yield event

    def warm_up(self) -> None:
        """Begin the transport's slow imports in the background."""
        self._transport.warm_up()

    async def close(self) -> None:
        """Release the transport's connections."""
        await self._transport.close()


def _headers(call: Call) -> dict[str, str]:
    return {"content-type": "application/json", **dict(call.headers)}


async def _drained(reply: Reply) -> None:
    """Read what follows the last event. The reply is complete: that its connection then fails is no failure."""
    with suppress(TimeoutError, ConnectionFailed):
        async with asyncio.timeout(_LINGER):
            async for _ in reply.frames:
                pass
