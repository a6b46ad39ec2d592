"""A loopback server that answers each connection's request with bytes written by hand, and keeps what it got."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class RawServer:
    """`requests` are (head, body) as they came over the wire, in order."""

    url: str = ""
    connections: int = 0
    requests: list[tuple[str, bytes]] = field(default_factory=list)
    closed: asyncio.Event = field(default_factory=asyncio.Event)


def status(code: int, body: str = "", **headers: str) -> list[bytes]:
    """A whole response; underscores in header names stand for hyphens."""
    lines = [f"HTTP/1.1 {code} Whatever", f"content-length: {len(body.encode())}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ["\r\n".join([*lines, "", body]).encode()]


def sse(*pieces: bytes, end: bool = True) -> list[bytes]:
    """A chunked event stream, each piece a chunk and a write of its own; without `end` it is cut."""
    head = (
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nrequest-id: req_1\r\n"
        b"anthropic-organization-id: org_1\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    chunks = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces]
    return [head, *chunks, *([b"0\r\n\r\n"] if end else [])]


@asynccontextmanager
async def raw_server(*answers: Sequence[bytes]) -> AsyncIterator[RawServer]:
    """Serve `answers` in turn, one for each request; after an answer without an end the connection is closed."""
    state, left = RawServer(), list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state.connections += 1
        try:
            while left:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = next(
                    int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-length")
                )
                state.requests.append((head, await reader.readexactly(length)))
                for piece in left.pop(0):
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            state.closed.set()
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    state.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield state
    finally:
        server.close()
