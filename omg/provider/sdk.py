"""All that is known here of the `anthropic` SDK and of `httpx2`: the transport that carries bytes through them.

The SDK's authentication, status errors and stream framing are used; its retries (the agent retries, visibly) and its
serialising (a body is sent as it was sealed) are not. Measured with anthropic 2.11: an API key and a token both go out
as `Authorization: Bearer`; `x-api-key` is not sent any more, but servers that speak the same protocol still ask for
it, so an API key is sent in both headers to every server but Anthropic's own. Without a key no such header is sent.
"""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, cast

from omg.provider.transport import ConnectionFailed, Frame, Pieces, Reply, StatusFailed

if TYPE_CHECKING:
    import anthropic
    import httpx2

_READ_SECONDS = 600.0
_GET_SECONDS = 60.0
_CONNECT_SECONDS = 10.0
_CHUNK = 1 << 18
_SDK_AUTHORISES = "https://api.anthropic.com"


class App(Protocol):
    """A server in this process: what comes over the wire goes to `handle` instead."""

    def handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], AsyncGenerator[bytes]]:
        """(status, headers, the body in pieces)."""
        ...


@dataclass(frozen=True, slots=True)
class Secret:
    """How to authenticate: an API key, a bearer token, or neither. Never printed."""

    api_key: str | None = field(default=None, repr=False)
    auth_token: str | None = field(default=None, repr=False)

    def hidden(self, text: str) -> str:
        """`text` without the secret, should a server repeat it."""
        for secret in (self.api_key, self.auth_token):
            text = text.replace(secret, "[key]") if secret else text
        return text


class SdkTransport:
    """Implements `omg.provider.transport.Transport`. `base_url` has no trailing path of the API."""

    def __init__(self, base_url: str, secret: Secret | None = None, *, app: App | None = None) -> None:
        self._base_url = base_url
        self._secret = secret or Secret()
        self._app = app
        self._client: anthropic.AsyncAnthropic | None = None

    def warm_up(self) -> None:
        """Begin to import the SDK in a thread (650 ms, a process does it once); returns at once."""
        _importer.start()

    @asynccontextmanager
    async def post(self, path: str, body: Pieces, headers: Mapping[str, str]) -> AsyncGenerator[Reply]:
        """See `Transport.post`."""
        await _importer.ready()
        response = await self._sent(path, body, headers)
        try:
            yield Reply(_lower(response.headers), self._frames(response))
        finally:
            await response.aclose()

    async def get(self, path: str, headers: Mapping[str, str]) -> str:
        """GET `path` (with its query) once: the body of a 200. Raises StatusFailed or ConnectionFailed."""
        import httpx2

        await _importer.ready()
        with self._failures():
            response = await self._sdk().get(
                path,
                cast_to=httpx2.Response,
                options={"headers": self._all_headers(headers), "timeout": _timeout(_GET_SECONDS)},
            )
        return response.text

    async def close(self) -> None:
        """Close the connections; the transport cannot be used afterwards."""
        if self._client is not None:
            await self._client.close()

    async def _sent(self, path: str, body: Pieces, headers: Mapping[str, str]) -> httpx2.Response:
        import anthropic
        import httpx2

        with self._failures():
            answer: object = await self._sdk().post(
                path,
                content=_in_chunks(body),
                cast_to=httpx2.Response,
                stream=True,
                stream_cls=anthropic.AsyncStream[Any],
                options={"headers": self._all_headers(headers) | _length(body), "timeout": _timeout()},
            )
        # Asked for by `cast_to`, which wins over `stream_cls`; the SDK's types do not say so.
        return cast("httpx2.Response", answer)

    @contextmanager
    def _failures(self) -> Generator[None]:
        """Whatever the SDK raises within, as StatusFailed or ConnectionFailed."""
        import anthropic
        import httpx2

        try:
            yield
        except anthropic.APIStatusError as error:
            response = error.response
            raise StatusFailed(
                response.status_code, _lower(response.headers), self._secret.hidden(response.text)
            ) from None
        except anthropic.APITimeoutError:
            raise ConnectionFailed("no answer in time") from None
        except anthropic.APIConnectionError as error:
            raise ConnectionFailed(self._reason("no connection", error.__cause__ or error)) from None
        except httpx2.HTTPError as error:
            raise ConnectionFailed(self._reason("connection lost", error)) from None

    async def _frames(self, response: httpx2.Response) -> AsyncIterator[Frame]:
        import anthropic
        import httpx2

        try:
            if "application/json" in response.headers.get("content-type", ""):
                yield Frame("message", (await response.aread()).decode())
                return
            async for event in anthropic.AsyncStream.raw_events(response):
                yield Frame(event.event or "", event.data)
        except httpx2.TimeoutException:
            raise ConnectionFailed("the stream fell silent") from None
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            raise ConnectionFailed(self._reason("connection lost in mid-stream", error)) from None
        except UnicodeDecodeError:
            raise ConnectionFailed("the stream is not UTF-8") from None

    def _sdk(self) -> anthropic.AsyncAnthropic:
        if self._client is None:
            import anthropic

            self._client = anthropic.AsyncAnthropic(
                # A credential that is given keeps the SDK from looking for others in the environment and on disk.
                api_key=None if self._secret.auth_token else (self._secret.api_key or ""),
                auth_token=self._secret.auth_token,
                base_url=self._base_url,
                max_retries=0,
                open_telemetry=False,
                http_client=None if self._app is None else _client_of(self._app),
            )
        return self._client

    def _all_headers(self, headers: Mapping[str, str]) -> dict[str, str | anthropic.Omit]:
        import anthropic

        given: dict[str, str | anthropic.Omit] = dict(headers)
        if self._secret.api_key is None and self._secret.auth_token is None:
            given["Authorization"] = anthropic.Omit()
        elif self._secret.api_key and not self._base_url.startswith(_SDK_AUTHORISES):
            given["x-api-key"] = self._secret.api_key
        return given

    def _reason(self, what: str, error: BaseException) -> str:
        words = self._secret.hidden(str(error)).strip()
        return f"{what}: {words or type(error).__name__}"


class _Importer:
    """Imports the SDK once, in a daemon thread, so that nobody waits who need not."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done: Future[None] | None = None

    def start(self) -> Future[None]:
        with self._lock:
            if self._done is None:
                self._done = Future()
                # Running futures cannot be cancelled: a waiter that is must not take the import with it.
                self._done.set_running_or_notify_cancel()
                threading.Thread(target=self._run, args=(self._done,), daemon=True, name="import-sdk").start()
            return self._done

    async def ready(self) -> None:
        """Wait for the import without blocking the loop."""
        try:
            await asyncio.wrap_future(self.start())
        except ImportError as error:
            raise ConnectionFailed(f"the anthropic package cannot be imported: {error}") from None

    def _run(self, done: Future[None]) -> None:
        # Thousands of classes are made and none is garbage: collecting meanwhile costs a third of the time.
        collecting = gc.isenabled()
        gc.disable()
        try:
            import anthropic  # pyright: ignore[reportUnusedImport]
            import anthropic.types  # noqa: F401  # pyright: ignore[reportUnusedImport]
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits
            done.set_exception(error)
        else:
            done.set_result(None)
        finally:
            # Nor does what is loaded by now become any: gone through again and again, it would hold the screen up for
            # a tenth of a second each time.
            gc.freeze()
            if collecting:
                gc.enable()


_importer = _Importer()


def _length(body: Pieces) -> dict[str, str]:
    """The header without which a body in pieces would go out in chunked encoding, which some gateways refuse."""
    return {"Content-Length": str(sum(map(len, body)))}


async def _in_chunks(body: Pieces) -> AsyncIterator[bytes]:
    """`body` in chunks of some size: a write for each small piece would cost more than the copy."""
    waiting: list[bytes | memoryview] = []
    size = 0
    for piece in body:
        waiting.append(piece)
        size += len(piece)
        if size >= _CHUNK:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)


def _timeout(read: float = _READ_SECONDS) -> httpx2.Timeout:
    import httpx2

    return httpx2.Timeout(read, connect=_CONNECT_SECONDS)


def _lower(headers: httpx2.Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _client_of(app: App) -> httpx2.AsyncClient:
    """An HTTP client whose server is `app`, in this process."""
    import httpx2

    class Pieces(httpx2.AsyncByteStream):
        def __init__(self, pieces: AsyncGenerator[bytes]) -> None:
            self._pieces = pieces

        async def __aiter__(self) -> AsyncIterator[bytes]:
            async for piece in self._pieces:
                yield piece

        async def aclose(self) -> None:
            await self._pieces.aclose()

    class InProcess(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            body = await request.aread()
            status, headers, pieces = app.handle(
                request.method, request.url.raw_path.decode("ascii"), _lower(request.headers), body
            )
            return httpx2.Response(status, headers=dict(headers), stream=Pieces(pieces))

    return httpx2.AsyncClient(transport=InProcess())
