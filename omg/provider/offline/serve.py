"""The offline API over loopback HTTP, for any Messages client."""

from __future__ import annotations

import asyncio
import json
import socketserver
import sys
import threading
import time
from collections.abc import AsyncGenerator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from omg.provider.offline.api import OfflineApp, Response
from omg.provider.offline.validate import LARGEST


def serve(port: int, host: str = "127.0.0.1", *, delay: float = 0.01) -> Server:
    """A running server; `.port` is the one that was bound (0 asks for any). As a context it gives its address and
    is closed at the end. Prints nothing. Raises OSError where the port cannot be had."""
    return Server(port, host, delay=delay)


class Server:
    """The offline API on a socket, serving from a thread until it is closed. One cache for all connections."""

    def __init__(
        self, port: int, host: str = "127.0.0.1", *, delay: float = 0.01, app: OfflineApp | None = None
    ) -> None:
        """`app`: another than the one that `delay` makes. Raises OSError where the port cannot be had."""
        self._http = _Http((host, port), app or OfflineApp(time.monotonic, delay=delay))
        self.port = int(self._http.server_address[1])
        self.url = f"http://{host}:{self.port}"
        # Often enough that closing does not keep anybody waiting.
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True, name="offline-api")
        self._thread.start()

    def __enter__(self) -> str:
        return self.url

    def __exit__(self, *_: object) -> None:
        self.close()

    def wait(self) -> None:
        """Until it is closed, or the caller is interrupted."""
        self._thread.join()

    def close(self) -> None:
        """Stop listening."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # a wide fork connects all at once

    def __init__(self, address: tuple[str, int], app: OfflineApp) -> None:
        self.app = app
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Without the look-up of this machine's name that HTTPServer makes: it can take seconds, and nobody asks."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "offline", int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no event; all else is a bug, and its traceback is printed."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        length = self.headers.get("content-length", "0" if self.command != "POST" else "")
        if not length.isdigit() or len(length) > 12:
            self._refuse(411, "invalid_request_error", "Content-Length required")
        elif int(length) > LARGEST:
            self._refuse(413, "request_too_large", "Request exceeds the maximum size")
        else:
            self._answer(self.rfile.read(int(length)))

    do_GET = do_HEAD = do_PUT = do_DELETE = do_POST

    def _answer(self, body: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            response = cast(_Http, self.server).app.handle(self.command, self.path, headers, body)
        except Exception as error:  # noqa: BLE001 - the border of the server: a bug is a 500, as anywhere
            self._refuse(500, "api_error", f"Internal server error: {type(error).__name__}")
            return
        try:
            asyncio.run(self._send(response))
        except OSError:  # the client is gone: nobody is left to be told
            self.close_connection = True

    def _refuse(self, status: int, kind: str, message: str) -> None:
        """An answer before the body was read, or after a bug: the connection cannot go on."""
        body = json.dumps({"type": "error", "error": {"type": kind, "message": message}}).encode()
        self.close_connection = True
        self._head(
            status, {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
        )
        self.wfile.write(body)

    async def _send(self, response: Response) -> None:
        status, headers, pieces = response
        self._head(status, {**headers, "transfer-encoding": "chunked"})
        if self.command != "HEAD":
            await self._chunks(pieces)

    async def _chunks(self, pieces: AsyncGenerator[bytes]) -> None:
        async for piece in pieces:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def _head(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the terminal belongs to whoever serves."""
