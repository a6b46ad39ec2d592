"""What an agent asks of a provider: one call, answered by a stream of events or by a ProviderError."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Literal, Protocol

from omg.core.usage import Usage
from omg.provider.transport import Pieces
from omg.wire.seal import Block


@dataclass(frozen=True, slots=True)
class Call:
    """One request: the exact bytes of its body in pieces, and the headers that belong to the cache key."""

    pieces: Pieces
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def body(self) -> bytes:
        """The whole body in one, copied."""
        return b"".join(self.pieces)


@dataclass(frozen=True, slots=True)
class Began:
    """The reply has begun (`message_start`): what was sent is accepted, its prefix readable by others."""

    message_id: str
    model: str
    usage: Usage
    request_id: str | None = None
    organisation: str | None = None
    workspace: str | None = None
    reason: str | None = None
    """Where it was asked: in what the prompt differs from that of the message before; None: in nothing."""
    missed: int | None = None
    """Tokens that it takes to have been missed for that."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the reply's text."""

    text: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    """A piece of the reply's thinking."""

    text: str


@dataclass(frozen=True, slots=True)
class CallBegan:
    """A tool call has begun to arrive; its input follows with `Ended`."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Ended:
    """`message_stop` was seen: the whole reply, its blocks ready to be sealed.

    `blocks` keep the provider's key order and spelling of numbers; empty text blocks are left out (the API
    refuses them on the way back). `broken` holds the ids of tool calls whose input did not arrive as one JSON
    object (cut by `max_tokens`, or not JSON); their `input` in `blocks` is `{}`.
    """

    blocks: tuple[Block, ...]
    stop_reason: str
    usage: Usage
    broken: frozenset[str] = frozenset()
    refusal: str | None = None
    """What the provider says about a refusal, where it says something."""


StreamEvent = Began | TextDelta | ThinkingDelta | CallBegan | Ended

Failure = Literal["refused", "auth", "context_full", "too_large", "limited", "unavailable", "network", "cut"]
"""refused: a 4xx that will not get better (the provider's words are shown). auth: 401, 403, or no key. context_full:
the prompt is longer than the model's window. too_large: 413. limited: 429. unavailable: 408, 409, 5xx, 529, and error
events in mid-stream. network: no connection. cut: a stream that ended without `message_stop`."""


class ProviderError(Exception):
    """A call that failed. `str(error)` is one line: what happened, in the provider's words, and what to do."""

    def __init__(
        self,
        failure: Failure,
        message: str,
        *,
        status: int | None = None,
        retryable: bool = False,
        retry_after: float | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.failure: Failure = failure
        self.status = status
        self.retryable = retryable
        self.retry_after = retry_after
        self.request_id = request_id


class Provider(Protocol):
    """A place that answers calls. Never retries: the agent does, visibly, and logs each attempt."""

    @property
    def endpoint(self) -> str:
        """Base URL (or "offline"): part of what decides the cache key."""
        ...

    def stream(self, call: Call) -> AsyncGenerator[StreamEvent, None]:
        """Send `call` and yield what comes back: at most one `Began`, then deltas, then one `Ended`. Raises
        ProviderError at any point. Closing it (`aclose`) closes the connection."""
        ...

    async def count_tokens(self, call: Call) -> int:
        """How many input tokens the provider takes a body to have: an estimate of its own, which is free, is not
        billed, and knows nothing of the cache. `call` is built without an envelope, which is not counted.

        Raises ProviderError; its failure is "refused" where the endpoint counts nothing."""
        ...

    def warm_up(self) -> None:
        """Begin slow imports and set-up in the background; returns at once."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...
