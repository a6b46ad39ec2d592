"""Requests to the offline API, small enough to read, and a way to send them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from omg.provider.offline.api import OfflineApp
from omg.provider.offline.engine import Reply, TextBlock

Json = dict[str, Any]


def body(*messages: Json, **fields: Any) -> Json:
    """A request; without messages, one that says Hi."""
    said = list(messages) or [user("Hi")]
    return {"model": "claude-opus-5-5", "max_tokens": 1000, "messages": said, **fields}


def user(*content: str | Json) -> Json:
    return {"role": "user", "content": [text(part) if isinstance(part, str) else part for part in content]}


def assistant(*content: str | Json) -> Json:
    return {**user(*content), "role": "assistant"}


def text(words: str, **fields: Any) -> Json:
    return {"type": "text", "text": words, **fields}


def call(id: str, **fields: Any) -> Json:
    return {"type": "tool_use", "id": id, "name": "read", "input": {}, **fields}


def result(id: str, **fields: Any) -> Json:
    return {"type": "tool_result", "tool_use_id": id, "content": "ok", **fields}


def marked(block: Json, ttl: str | None = None) -> Json:
    marker = {"type": "ephemeral"} | ({"ttl": ttl} if ttl else {})
    return {**block, "cache_control": marker}


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Echo:
    """In place of the engine: always the same reply."""

    reply: Reply

    def __call__(self, _: Any) -> Reply:
        return self.reply


@dataclass
class Client:
    """Sends to an app and reads the whole answer."""

    app: OfflineApp
    clock: Clock

    def send(
        self, request: Json | bytes, path: str = "/v1/messages", method: str = "POST"
    ) -> tuple[int, dict[str, str], bytes]:
        raw = request if isinstance(request, bytes) else json.dumps(request, ensure_ascii=False).encode()
        status, headers, pieces = self.app.handle(method, path, {}, raw)

        async def read() -> bytes:
            return b"".join([piece async for piece in pieces])

        return status, dict(headers), asyncio.run(read())

    def json(self, request: Json | bytes, **how: Any) -> Json:
        return json.loads(self.send(request, **how)[2])

    def error(self, request: Json | bytes, **how: Any) -> tuple[int, str, str]:
        status, headers, answer = self.send(request, **how)
        told = json.loads(answer)
        assert (told["type"], told["request_id"]) == ("error", headers["request-id"])
        return status, told["error"]["type"], told["error"]["message"]

    def events(self, request: Json) -> list[Json]:
        status, headers, answer = self.send({**request, "stream": True})
        assert (status, headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        events: list[Json] = []
        for raw in answer.decode().removesuffix("\n\n").split("\n\n"):
            name, data = raw.split("\n")
            events.append(json.loads(data.removeprefix("data: ")))
            assert name == f"event: {events[-1]['type']}"
        return events


def client(reply: Reply | None = None) -> Client:
    clock = Clock()
    said = reply or Reply((TextBlock("Hello there."),))
    return Client(OfflineApp(clock, delay=0, answer=Echo(said)), clock)
