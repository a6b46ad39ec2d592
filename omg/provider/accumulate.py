"""From the frames of one reply to its events, ending in the finished blocks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import replace
from typing import Literal

from omg.provider import errors
from omg.provider.blocks import Growing
from omg.provider.protocol import (
    Began,
    CallBegan,
    Ended,
    ProviderError,
    StreamEvent,
    TextDelta,
    ThinkingDelta,
)
from omg.provider.reported import Reported, diagnosed
from omg.provider.transport import Frame
from omg.wire.seal import Block, Json, parse, scrub

UsageIn = Literal["message_start", "message_delta"]
_Fields = Mapping[str, Json]


async def accumulate(
    frames: AsyncIterator[Frame], headers: Mapping[str, str], usage_in: UsageIn = "message_start"
) -> AsyncIterator[StreamEvent]:
    """The events of one reply. Raises ProviderError where the stream is cut, garbled or says that it failed;
    what the frames raise goes through."""
    reply = Accumulator(headers, usage_in)
    async for frame in frames:
        for event in reply.feed(frame):
            yield event
        if reply.ended:
            return
    raise reply.cut()


class Accumulator:
    """One reply while it arrives. `headers` are those of the response, in lower case."""

    def __init__(self, headers: Mapping[str, str], usage_in: UsageIn = "message_start") -> None:
        self.ended = False
        self._headers = headers
        self._usage_in = usage_in
        self._began = False
        self._frames = 0
        self._blocks: dict[int, Growing] = {}
        self._reported = Reported()
        self._stop_reason: str | None = None
        self._refusal: str | None = None
        self._handlers: dict[str, Callable[[_Fields], Iterator[StreamEvent]]] = {
            "message_start": self._message_start,
            "content_block_start": self._block_start,
            "content_block_delta": self._block_delta,
            "message_delta": self._message_delta,
            "message_stop": self._message_stop,
            "message": self._message,
        }

    def feed(self, frame: Frame) -> Iterator[StreamEvent]:
        """The events that one frame brings: none for pings and for what nobody knows."""
        self._frames += 1
        if frame.event == "error":
            raise errors.of_event(frame.data, self._request_id)
        if (frame.event and frame.event not in self._handlers) or frame.data in ("", "[DONE]"):
            return
        data = self._parsed(frame.data)
        kind = frame.event or _text(data, "type")
        if kind == "error":
            raise errors.of_event(frame.data, self._request_id)
        if handler := self._handlers.get(kind):
            yield from handler(data)

    def cut(self) -> ProviderError:
        """The error for a stream that ended here."""
        if self._frames == 0:
            kind = self._headers.get("content-type") or "nothing"
            return errors.cut(f"the reply is no event stream but {kind}: is the base URL right?", self._request_id)
        return errors.cut("the reply was cut: the stream ended before its last event", self._request_id)

    @property
    def _request_id(self) -> str | None:
        return self._headers.get("request-id")

    def _parsed(self, data: str) -> _Fields:
        try:
            parsed = parse(data)
        except (ValueError, RecursionError):
            raise self._garbled("an event that is not JSON") from None
        if not isinstance(parsed, Mapping):
            raise self._garbled("an event that is no JSON object")
        return parsed

    def _garbled(self, what: str) -> ProviderError:
        return errors.garbled(what, self._request_id)

    def _message_start(self, data: _Fields) -> Iterator[StreamEvent]:
        if self._began:
            return
        self._began = True
        fields = _fields(data, "message")
        self._reported = Reported().merged(fields.get("usage"))
        reason, missed = diagnosed(fields.get("diagnostics"))
        yield Began(
            message_id=_text(fields, "id"),
            model=_text(fields, "model"),
            # What the start says of the output is the first tokens only.
            usage=replace(self._reported.usage, output=None),
            request_id=self._request_id,
            organisation=self._headers.get("anthropic-organization-id"),
            workspace=self._headers.get("anthropic-workspace-id"),
            reason=reason,
            missed=missed,
        )

    def _block_start(self, data: _Fields) -> Iterator[StreamEvent]:
        if not self._began:
            raise self._garbled("a block before the start of its message")
        yield from self._open(self._index(data), data.get("content_block"))

    def _open(self, index: int, start: Json) -> Iterator[StreamEvent]:
        block = Growing(start) if isinstance(start, Mapping) else None
        if block is None or not block.kind:
            raise self._garbled("a block without a type")
        self._blocks[index] = block
        if block.kind == "tool_use":
            if not block.text("id") or not block.text("name"):
                raise self._garbled("a tool call without an id or a name")
            yield CallBegan(block.text("id"), block.text("name"))
        yield from _shown(block.kind, block.start)

    def _block_delta(self, data: _Fields) -> Iterator[StreamEvent]:
        block, delta = self._blocks.get(self._index(data)), data.get("delta")
        if block is None or not isinstance(delta, Mapping):
            raise self._garbled("a piece of a block that never began")
        block.add(delta)
        yield from _shown(block.kind, delta)

    def _message_delta(self, data: _Fields) -> Iterator[StreamEvent]:
        self._stopped(_fields(data, "delta"))
        usage = data.get("usage")
        alone = Reported().merged(usage)
        # Where the start only estimates, it stands until a later event tells of the input.
        replaces = self._usage_in == "message_delta" and alone.input > 0
        self._reported = alone if replaces else self._reported.merged(usage)
        yield from ()

    def _stopped(self, fields: _Fields) -> None:
        self._stop_reason = _text(fields, "stop_reason") or self._stop_reason
        details = _fields(fields, "stop_details")
        self._refusal = _text(details, "explanation") or _text(details, "category") or self._refusal

    def _message_stop(self, _: _Fields) -> Iterator[StreamEvent]:
        if not self._began:
            raise self._garbled("the end of a message that never began")
        self.ended = True
        blocks, broken = self._finished()
        calls = any(block.get("type") == "tool_use" for block in blocks)
        yield Ended(
            blocks=blocks,
            stop_reason=self._stop_reason or ("tool_use" if calls else "end_turn"),
            usage=self._reported.usage,
            broken=broken,
            refusal=self._refusal,
        )

    def _message(self, data: _Fields) -> Iterator[StreamEvent]:
        """A whole message in one piece: the answer to a request that did not ask for a stream."""
        if data.get("type") != "message":
            raise self._garbled("JSON that is no message: is the base URL right?")
        yield from self._message_start({"message": data})
        content = data.get("content")
        for index, block in enumerate(content if isinstance(content, list) else []):
            yield from self._open(index, block)
        self._stopped(data)
        yield from self._message_stop(data)

    def _finished(self) -> tuple[tuple[Block, ...], frozenset[str]]:
        blocks: list[Block] = []
        broken: set[str] = set()
        for _, growing in sorted(self._blocks.items()):
            block, is_broken = growing.finished()
            if block is not None:
                blocks.append(block)
            if is_broken:
                broken.add(growing.text("id"))
        return tuple(blocks), frozenset(broken)

    def _index(self, data: _Fields) -> int:
        index = data.get("index")
        if not isinstance(index, bytes) or not index.isdigit() or len(index) > 6:
            raise self._garbled("a block without a number")
        return int(index)


def _shown(kind: str, piece: _Fields) -> Iterator[StreamEvent]:
    """What a start or a delta shows at once: text of a text block, thinking of a thinking block."""
    if kind == "text" and (text := _text(piece, "text")):
        yield TextDelta(scrub(text))
    elif kind == "thinking" and (thinking := _text(piece, "thinking")):
        yield ThinkingDelta(scrub(thinking))


def _fields(fields: _Fields, name: str) -> _Fields:
    value = fields.get(name)
    return value if isinstance(value, Mapping) else {}


def _text(fields: _Fields, name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""
