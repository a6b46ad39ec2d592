"""The offline provider as a Messages API: check, bill, answer and stream, with nothing but rules behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import replace
from threading import Lock
from uuid import uuid4

from omg.cache.mirror import Billed, Mirror, quarter
from omg.core.usage import Usage
from omg.provider.models import claude_names, model_for
from omg.provider.offline import frames
from omg.provider.offline.diagnose import Diagnoses
from omg.provider.offline.engine import Reply, respond
from omg.provider.offline.fault import Fault, invalid, missing
from omg.provider.offline.reply import Outgoing, outgoing
from omg.provider.offline.shape import Fields
from omg.provider.offline.signatures import check_signatures
from omg.provider.offline.validate import check, read

Response = tuple[int, Mapping[str, str], AsyncGenerator[bytes]]

_ORGANISATION = "00000000-0000-4000-8000-000000000000"
_EMPTY = Outgoing((), "max_tokens", 0)


class OfflineApp:
    """One server: one organisation, one cache. Safe to call from several threads."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        mirror: Mirror | None = None,
        delay: float = 0.01,
        answer: Callable[[Fields], Reply] = respond,
    ) -> None:
        """`clock` gives seconds, for the cache's lifetimes. `delay` is the pause before each delta, in seconds."""
        self._clock = clock
        self._mirror = Mirror() if mirror is None else mirror  # an empty one is false
        self._diagnoses = Diagnoses(quarter)
        self._delay = delay
        self._answer = answer
        self._lock = Lock()

    def handle(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Response:
        """(status, headers in lower case, the body in pieces). Routes on the path alone; whoever calls may send any
        key or none. What a request writes to the cache is readable from when its reply is first read."""
        del headers  # any key, any version, any beta: nothing here depends on them
        request_id = f"req_{uuid4().hex}"
        try:
            return self._routed(method, path.partition("?")[0].rstrip("/"), body, request_id)
        except Fault as fault:
            told = {"type": fault.kind, "message": fault.message}
            return _json(fault.status, {"type": "error", "error": told, "request_id": request_id}, request_id)

    def _routed(self, method: str, path: str, body: bytes, request_id: str) -> Response:
        if (method, path) == ("POST", "/v1/messages"):
            return self._messages(read(body), body, request_id)
        if (method, path) == ("POST", "/v1/messages/count_tokens"):
            return self._count(read(body), body, request_id)
        if (method, path) == ("GET", "/v1/models"):
            return _json(200, _models(), request_id)
        raise missing(f"Not found: {method} {path or '/'}")

    def _messages(self, request: Fields, body: bytes, request_id: str) -> Response:
        check(request)
        check_signatures(request)
        billed, id = self._billed(request, body), _message_id()
        with self._lock:
            said = self._diagnoses.said(request, body, id)
        if request["max_tokens"] == 0:
            return self._whole(request, billed, _EMPTY, request_id, id, said)
        reply = outgoing(self._answered(request), request)
        if request.get("stream") is True:
            stream = self._streamed(request, billed, reply, id, said)
            return 200, _headers("text/event-stream; charset=utf-8", request_id), stream
        return self._whole(request, billed, reply, request_id, id, said)

    def _answered(self, request: Fields) -> Reply:
        try:
            return self._answer(request)
        except ValueError as error:  # the engine's word for a request that it cannot read
            raise invalid(str(error)) from None

    def _billed(self, request: Fields, body: bytes) -> Billed:
        try:
            with self._lock:
                billed = self._mirror.bill(body, now=self._clock())
        except ValueError as error:
            raise invalid(str(error)) from None
        window = model_for(str(request["model"])).window
        if billed.usage.input > window:
            raise invalid(f"prompt is too long: {billed.usage.input} tokens > {window} maximum")
        return billed

    def _count(self, request: Fields, body: bytes, request_id: str) -> Response:
        check(request, counting=True)
        return _json(200, {"input_tokens": self._billed(request, body).usage.input}, request_id)

    def _whole(
        self, request: Fields, billed: Billed, reply: Outgoing, request_id: str, id: str, said: frames.Diagnostics
    ) -> Response:
        self._begin(billed)
        message = frames.message(id, str(request["model"]), _usage(billed, reply), reply, said)
        return _json(200, message, request_id)

    async def _streamed(
        self, request: Fields, billed: Billed, reply: Outgoing, id: str, said: frames.Diagnostics
    ) -> AsyncGenerator[bytes]:
        # Before the event is handed over: whoever sees it may rely on the prefix being readable.
        self._begin(billed)
        yield frames.start(id, str(request["model"]), billed.usage, said)
        for piece in frames.content(reply):
            await asyncio.sleep(self._delay)
            yield piece
        for piece in frames.end(reply, billed.usage):
            yield piece

    def _begin(self, billed: Billed) -> None:
        with self._lock:
            self._mirror.begin(billed, self._clock())


def _usage(billed: Billed, reply: Outgoing) -> Usage:
    return replace(billed.usage, output=reply.tokens)


def _message_id() -> str:
    return f"msg_{uuid4().hex[:24]}"


def _models() -> dict[str, object]:
    names = claude_names()
    listed = [
        {"type": "model", "id": name, "display_name": name, "created_at": "2026-10-07T00:00:00Z"} for name in names
    ]
    return {"data": listed, "has_more": False, "first_id": names[0], "last_id": names[-1]}


def _json(status: int, data: Mapping[str, object], request_id: str) -> Response:
    async def body() -> AsyncGenerator[bytes]:
        yield frames.encode(data)

    return status, _headers("application/json", request_id), body()


def _headers(content_type: str, request_id: str) -> Mapping[str, str]:
    return {
        "content-type": content_type,
        "request-id": request_id,
        "anthropic-organization-id": _ORGANISATION,
    }
