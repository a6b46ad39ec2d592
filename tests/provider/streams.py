"""Recorded streams: frames written by hand after the streaming docs, and a way to run them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping

from omg.provider.accumulate import UsageIn, accumulate
from omg.provider.protocol import Ended, StreamEvent
from omg.provider.transport import Frame

USAGE = (
    '{"input_tokens":3,"cache_creation_input_tokens":30,"cache_read_input_tokens":400,'
    '"cache_creation":{"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":20},"output_tokens":1}'
)
STOP = Frame("message_stop", '{"type":"message_stop"}')
PING = Frame("ping", '{"type": "ping"}')


def start(usage: str = USAGE) -> Frame:
    return Frame(
        "message_start",
        '{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-opus-5-5",'
        f'"content":[],"stop_reason":null,"stop_sequence":null,"usage":{usage}}}}}',
    )


def open_block(index: int, block: str) -> Frame:
    return Frame("content_block_start", f'{{"type":"content_block_start","index":{index},"content_block":{block}}}')


def delta(index: int, kind: str, **fields: object) -> Frame:
    piece = json.dumps({"type": kind, **fields})
    return Frame("content_block_delta", f'{{"type":"content_block_delta","index":{index},"delta":{piece}}}')


def close_block(index: int) -> Frame:
    return Frame("content_block_stop", f'{{"type":"content_block_stop","index":{index}}}')


def stop(reason: str = "end_turn", usage: str = '{"output_tokens":42}') -> list[Frame]:
    told = f'{{"type":"message_delta","delta":{{"stop_reason":"{reason}","stop_sequence":null}},"usage":{usage}}}'
    return [Frame("message_delta", told), STOP]


def tool(index: int, *pieces: str, id: str = "toolu_1", name: str = "read") -> list[Frame]:
    opened = open_block(index, f'{{"type":"tool_use","id":"{id}","name":"{name}","input":{{}}}}')
    parts = [delta(index, "input_json_delta", partial_json=piece) for piece in pieces]
    return [opened, *parts, close_block(index)]


def text(index: int, *pieces: str) -> list[Frame]:
    parts = [delta(index, "text_delta", text=piece) for piece in pieces]
    return [open_block(index, '{"type":"text","text":""}'), *parts, close_block(index)]


async def replay(frames: Iterable[Frame]) -> AsyncIterator[Frame]:
    for frame in frames:
        yield frame


async def events(
    *frames: Frame, usage_in: UsageIn = "message_start", headers: Mapping[str, str] | None = None
) -> list[StreamEvent]:
    return [event async for event in accumulate(replay(frames), headers or {}, usage_in)]


async def ended(*frames: Frame, usage_in: UsageIn = "message_start") -> Ended:
    last = (await events(*frames, usage_in=usage_in))[-1]
    assert isinstance(last, Ended)
    return last
