import pytest

from omg.core.usage import Usage
from omg.provider.protocol import Began, CallBegan, Ended, ProviderError, TextDelta, ThinkingDelta
from omg.provider.transport import Frame
from omg.wire.seal import canonical
from tests.provider.streams import (
    PING,
    STOP,
    close_block,
    delta,
    ended,
    events,
    open_block,
    start,
    stop,
    text,
    tool,
)


async def test_a_reply_in_order() -> None:
    frames = [start(), PING, *text(0, "Hel", "lo"), *tool(1, "", '{"path":', '"a"}'), *stop("tool_use")]
    headers = {"request-id": "req_9", "anthropic-organization-id": "org_9", "anthropic-workspace-id": "wrk_9"}
    got = await events(*frames, headers=headers)
    assert got[:-1] == [
        Began("msg_1", "claude-opus-5-5", Usage(3, 400, 10, 20, None), "req_9", "org_9", "wrk_9"),
        TextDelta("Hel"),
        TextDelta("lo"),
        CallBegan("toolu_1", "read"),
    ]
    end = got[-1]
    assert isinstance(end, Ended)
    assert (end.stop_reason, end.usage, end.broken) == ("tool_use", Usage(3, 400, 10, 20, 42), frozenset())
    assert [canonical(block) for block in end.blocks] == [
        b'{"type":"text","text":"Hello"}',
        b'{"type":"tool_use","id":"toolu_1","name":"read","input":{"path":"a"}}',
    ]


async def test_what_the_provider_wrote_is_kept_as_it_spelled_it() -> None:
    pieces = ('{"z": 1e5, "a"', ': 1.0,"n":12345678901234567890, "u":"\\u00e9\\', '/", "z": 2}')
    end = await ended(start(), *tool(0, *pieces), *stop("tool_use"))
    assert canonical(end.blocks[0]["input"]) == b'{"z":1e5,"a":1.0,"n":12345678901234567890,"u":"\\u00e9\\/","z":2}'


async def test_the_key_order_of_a_block_is_the_providers() -> None:
    opened = open_block(0, '{"signature":"","thinking":"","type":"thinking"}')
    grown = [delta(0, "thinking_delta", thinking="Hm"), delta(0, "thinking_delta", thinking="m."), PING]
    signed = delta(0, "signature_delta", signature="c2ln")
    got = await events(start(), opened, *grown, signed, close_block(0), *stop())
    assert got[1:3] == [ThinkingDelta("Hm"), ThinkingDelta("m.")]
    end = got[-1]
    assert isinstance(end, Ended)
    assert canonical(end.blocks[0]) == b'{"signature":"c2ln","thinking":"Hmm.","type":"thinking"}'


async def test_blocks_that_nobody_knows_are_kept_with_what_grew_on_them() -> None:
    frames = [
        open_block(0, '{"type":"redacted_thinking","data":"x=="}'),
        open_block(1, '{"type":"compaction","content":null,"n":1.50}'),
        delta(1, "compaction_delta", content="All of it"),
        open_block(2, '{"type":"novel","parts":[1e2]}'),
        delta(2, "novel_delta", mark="a", flag=True),
        delta(2, "novel_delta", mark="b"),
        Frame("content_block_nudge", '{"type":"content_block_nudge","index":7}'),
    ]
    end = await ended(start(), *frames, *stop())
    assert [canonical(block) for block in end.blocks] == [
        b'{"type":"redacted_thinking","data":"x=="}',
        b'{"type":"compaction","content":"All of it","n":1.50}',
        b'{"type":"novel","parts":[1e2],"flag":true,"mark":"ab"}',
    ]


async def test_citations_are_gathered_in_order() -> None:
    opened = open_block(0, '{"citations":[],"type":"text","text":""}')
    cited = [delta(0, "citations_delta", citation={"page": page}) for page in (1, 2)]
    end = await ended(start(), opened, delta(0, "text_delta", text="So."), *cited, close_block(0), *stop())
    assert canonical(end.blocks[0]) == b'{"citations":[{"page":1},{"page":2}],"type":"text","text":"So."}'


async def test_blocks_may_arrive_interleaved_and_unclosed() -> None:
    first, *_ = text(0)
    second, *_ = text(1)
    grown = [delta(1, "text_delta", text="b"), delta(0, "text_delta", text="a")]
    end = await ended(start(), second, first, *grown, *stop())
    assert [block["text"] for block in end.blocks] == ["a", "b"]


@pytest.mark.parametrize("pieces", [(), ("",), (" \n",)])
async def test_text_without_words_is_left_out_because_the_api_refuses_it_on_the_way_back(
    pieces: tuple[str, ...],
) -> None:
    end = await ended(start(), *text(0, *pieces), *tool(1, "{}"), *stop())
    assert [block["type"] for block in end.blocks] == ["tool_use"]


async def test_a_character_torn_apart_between_deltas_is_joined() -> None:
    torn = [delta(0, "text_delta", text=half) for half in ("\ud83d", "\ude00")]
    end = await ended(start(), open_block(0, '{"type":"text","text":""}'), *torn, *stop())
    assert end.blocks[0]["text"] == "😀"


@pytest.mark.parametrize("pieces", [(), ("",), ("{}",), ("{ ", "}")])
async def test_a_call_without_input_has_an_empty_object(pieces: tuple[str, ...]) -> None:
    end = await ended(start(), *tool(0, *pieces), *stop("tool_use"))
    assert (canonical(end.blocks[0]["input"]), end.broken) == (b"{}", frozenset())


@pytest.mark.parametrize("partial", ['{"path":"a', "[1]", '"x"', "7", "{} {}", '{"a":NaN}', "[" * 200_000])
async def test_an_input_that_is_no_json_object_is_broken(partial: str) -> None:
    end = await ended(start(), *tool(0, partial, id="toolu_7"), *tool(1, "{}"), *stop("max_tokens"))
    assert canonical(end.blocks[0]["input"]) == b"{}"
    assert end.broken == {"toolu_7"}


async def test_an_input_that_came_whole_at_the_start() -> None:
    whole = open_block(0, '{"type":"tool_use","id":"t","name":"read","input":{"limit":1.0}}')
    end = await ended(start(), whole, close_block(0), *stop("tool_use"))
    assert canonical(end.blocks[0]["input"]) == b'{"limit":1.0}'


async def test_frames_without_an_event_line_are_told_by_their_type() -> None:
    frames = [start(), *text(0, "Hi"), *stop()]
    end = await ended(*(Frame("", frame.data) for frame in frames), Frame("", "[DONE]"))
    assert end.blocks[0]["text"] == "Hi"


async def test_a_refusal_says_why() -> None:
    told = '{"type":"message_delta","delta":{"stop_reason":"refusal","stop_details":{"type":"refusal",' + (
        '"category":"cyber","explanation":"No."}},"usage":{"output_tokens":0}}'
    )
    end = await ended(start(), Frame("message_delta", told), STOP)
    assert (end.stop_reason, end.refusal, end.blocks) == ("refusal", "No.", ())


async def test_without_a_stop_reason_the_blocks_tell() -> None:
    assert (await ended(start(), *tool(0, "{}"), STOP)).stop_reason == "tool_use"
    assert (await ended(start(), *text(0, "x"), STOP)).stop_reason == "end_turn"


async def test_a_message_in_one_piece() -> None:
    whole = (
        '{"id":"msg_2","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"Hi"},'
        '{"type":"tool_use","id":"t","name":"n","input":{"a":1.0}}],"stop_reason":"tool_use",'
        '"usage":{"input_tokens":5,"output_tokens":7}}'
    )
    began, shown, call, end = await events(Frame("message", whole))
    assert (began, shown, call) == (Began("msg_2", "m", Usage(5, output=None)), TextDelta("Hi"), CallBegan("t", "n"))
    assert isinstance(end, Ended)
    assert (end.usage, canonical(end.blocks[1]["input"])) == (Usage(5, output=7), b'{"a":1.0}')


async def test_a_prewarm_is_a_message_without_content() -> None:
    whole = '{"id":"m","type":"message","model":"m","content":[],"stop_reason":"max_tokens","usage":%s}'
    end = await ended(Frame("message", whole % '{"input_tokens":1,"cache_creation_input_tokens":9,"output_tokens":0}'))
    assert (end.blocks, end.stop_reason, end.usage) == ((), "max_tokens", Usage(1, write_5m=9, output=0))


@pytest.mark.parametrize("kept", range(1, 6))
async def test_a_stream_that_ends_early_is_cut_wherever_it_ends(kept: int) -> None:
    frames = [start(), *text(0, "Hel", "lo"), *stop()]
    assert len(frames) > kept
    with pytest.raises(ProviderError, match="cut") as cut:
        await events(*frames[:kept])
    assert (cut.value.failure, cut.value.retryable) == ("cut", True)


async def test_an_answer_without_events_names_what_came() -> None:
    with pytest.raises(ProviderError, match=r"text/html.*base URL"):
        await events(headers={"content-type": "text/html"})


@pytest.mark.parametrize(
    ("type", "failure", "retryable"),
    [
        ("overloaded_error", "unavailable", True),
        ("api_error", "unavailable", True),
        ("rate_limit_error", "limited", True),
        ("invalid_request_error", "refused", False),
        ("something_new", "unavailable", True),
    ],
)
async def test_an_error_in_mid_stream(type: str, failure: str, retryable: bool) -> None:
    error = Frame("error", f'{{"type":"error","error":{{"type":"{type}","message":"Over\\nloaded"}}}}')
    with pytest.raises(ProviderError) as failed:
        await events(start(), *text(0, "x"), error)
    assert (failed.value.failure, failed.value.retryable) == (failure, retryable)
    assert str(failed.value) == "the reply broke off: Over loaded"


@pytest.mark.parametrize("data", ["", "Overloaded", "null", "[]", '{"error":7}'])
async def test_an_error_event_in_any_shape_is_an_error(data: str) -> None:
    with pytest.raises(ProviderError):
        await events(start(), Frame("error", data))


@pytest.mark.parametrize(
    "frame",
    [
        Frame("content_block_start", "{"),
        Frame("content_block_start", "[]"),
        Frame("content_block_start", '{"index":0,"content_block":null}'),
        Frame("content_block_start", '{"index":0,"content_block":{"text":"x"}}'),
        Frame("content_block_start", '{"index":"0","content_block":{"type":"text"}}'),
        Frame("content_block_start", '{"index":-1,"content_block":{"type":"text"}}'),
        Frame("content_block_start", '{"index":0,"content_block":{"type":"tool_use","name":"read"}}'),
        Frame("content_block_delta", '{"index":3,"delta":{"type":"text_delta","text":"x"}}'),
        Frame("message_delta", "[" * 100_000),
    ],
)
async def test_garbage_is_a_failure_in_words(frame: Frame) -> None:
    with pytest.raises(ProviderError, match="the provider sent") as failed:
        await events(start(), frame, *stop())
    assert failed.value.retryable


async def test_a_block_before_the_message_is_garbage() -> None:
    with pytest.raises(ProviderError, match="before the start"):
        await events(*text(0, "x"))
