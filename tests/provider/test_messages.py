import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from omg.core.usage import Usage
from omg.provider.factory import build_provider
from omg.provider.messages import MessagesProvider
from omg.provider.profiles import PROFILES, Choice, Profile
from omg.provider.protocol import Began, Call, Ended, ProviderError, StreamEvent, TextDelta
from omg.provider.sdk import SdkTransport, Secret
from omg.provider.transport import Frame
from omg.wire.chain import Node
from omg.wire.head import render_head
from omg.wire.request import Envelope, build
from omg.wire.seal import seal
from tests.provider.raw_server import raw_server, sse, status
from tests.provider.streams import PING, start, stop, text

CALL = Call((b'{"model":"claude-opus-5-5"}',), (("anthropic-beta", "b-1"),))


def wire(frame: Frame) -> bytes:
    return f"event: {frame.event}\ndata: {frame.data}\n\n".encode()


REPLY = [wire(frame) for frame in (start(), PING, *text(0, "Hel", "lo"), *stop())]


async def talk(answer: Sequence[bytes], profile: Profile = PROFILES["anthropic"]) -> list[StreamEvent]:
    async with raw_server(answer) as server:
        provider = MessagesProvider(SdkTransport(server.url, Secret(api_key="k-secret")), profile, server.url)
        try:
            return [event async for event in provider.stream(CALL)]
        finally:
            await provider.close()


async def failure(answer: Sequence[bytes], profile: Profile = PROFILES["anthropic"]) -> ProviderError:
    with pytest.raises(ProviderError) as failed:
        await talk(answer, profile)
    assert "\n" not in str(failed.value)
    assert len(str(failed.value)) <= 300
    return failed.value


def said(type: str, message: str, **fields: object) -> str:
    return json.dumps({"type": "error", "error": {"type": type, "message": message, **fields}, "request_id": "req_b"})


async def test_a_call_and_its_events() -> None:
    events = await talk(sse(*REPLY))
    assert isinstance(events[0], Began)
    assert (events[0].request_id, events[0].organisation) == ("req_1", "org_1")
    assert events[1:3] == [TextDelta("Hel"), TextDelta("lo")]
    assert isinstance(events[3], Ended)
    assert events[3].usage == Usage(3, 400, 10, 20, 42)


async def test_the_body_and_headers_go_out_as_given() -> None:
    async with raw_server(sse(*REPLY)) as server:
        provider = MessagesProvider(SdkTransport(server.url), PROFILES["anthropic"], server.url)
        _ = [event async for event in provider.stream(CALL)]
        await provider.close()
        head, body = server.requests[0]
    assert head.startswith("POST /v1/messages HTTP/1.1")
    assert "anthropic-beta: b-1" in head
    assert body == CALL.body
    assert provider.endpoint == server.url


async def test_the_connection_serves_the_next_call_too() -> None:
    async with raw_server(sse(*REPLY), sse(*REPLY)) as server:
        provider = MessagesProvider(SdkTransport(server.url), PROFILES["anthropic"], server.url)
        for _ in range(2):
            assert isinstance([event async for event in provider.stream(CALL)][-1], Ended)
        await provider.close()
        assert server.connections == 1


async def test_a_connection_lost_behind_the_last_event_is_no_failure() -> None:
    assert isinstance((await talk(sse(*REPLY, end=False)))[-1], Ended)


@pytest.mark.parametrize("kept", range(1, len(REPLY)))
async def test_a_connection_lost_anywhere_before_is(kept: int) -> None:
    error = await failure(sse(*REPLY[:kept], end=False))
    assert (error.failure, error.retryable) == ("network", True)
    assert (await failure(sse(*REPLY[:kept]))).failure == "cut"


async def test_closing_the_iterator_closes_the_connection() -> None:
    async with raw_server(sse(REPLY[0], end=False) + [b""] * 100_000) as server:
        provider = MessagesProvider(SdkTransport(server.url), PROFILES["anthropic"], server.url)
        stream = provider.stream(CALL)
        assert isinstance(await anext(stream), Began)
        await stream.aclose()  # type: ignore[attr-defined]
        await asyncio.wait_for(server.closed.wait(), 5)


@pytest.mark.parametrize(
    ("code", "body", "kind", "retryable"),
    [
        (400, said("invalid_request_error", "messages: no"), "refused", False),
        (
            400,
            said("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
            "context_full",
            False,
        ),
        (
            400,
            said("invalid_request_error", "input length and `max_tokens` exceed context limit"),
            "context_full",
            False,
        ),
        (400, '{"error":{"code":"context_length_exceeded","message":"Too many."}}', "context_full", False),
        (401, said("authentication_error", "invalid x-api-key"), "auth", False),
        (402, said("billing_error", "no credit"), "refused", False),
        (403, said("permission_error", "not you"), "auth", False),
        (404, said("not_found_error", "model: claude-opus-9"), "refused", False),
        (408, "", "unavailable", True),
        (409, said("conflict_error", "again"), "unavailable", True),
        (413, said("request_too_large", "too large"), "too_large", False),
        (422, said("invalid_request_error", "no"), "refused", False),
        (429, said("rate_limit_error", "slow down"), "limited", True),
        (
            429,
            said("rate_limit_error", "spent", details={"error_code": "enforced_spend_limit_reached"}),
            "limited",
            False,
        ),
        (500, said("api_error", "oops"), "unavailable", True),
        (504, said("timeout_error", "late"), "unavailable", True),
        (529, said("overloaded_error", "Overloaded"), "unavailable", True),
    ],
)
async def test_each_status_says_what_it_means_for_the_next_attempt(
    code: int, body: str, kind: str, retryable: bool
) -> None:
    error = await failure(status(code, body, request_id="req_h"))
    assert (error.status, error.failure, error.retryable, error.request_id) == (code, kind, retryable, "req_h")


async def test_the_providers_words_are_shown_and_what_to_do() -> None:
    auth = await failure(status(401, said("authentication_error", "invalid x-api-key")), PROFILES["deepseek"])
    assert str(auth) == "invalid x-api-key (set DEEPSEEK_API_KEY for deepseek)"
    lost = await failure(status(404, said("not_found_error", "model: claude-opus-9")))
    assert "model: claude-opus-9" in str(lost)
    assert "--model or OMG_MODEL" in str(lost)
    assert str(await failure(status(500))) == "status 500, and no words"


async def test_x_should_retry_overrides() -> None:
    assert (await failure(status(400, "no", x_should_retry="true"))).retryable
    assert not (await failure(status(529, "no", x_should_retry="false"))).retryable


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after_ms": "1500", "retry_after": "9"}, 1.5),
        ({"retry_after": "9"}, 9.0),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "-3"}, None),
        ({"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({}, None),
    ],
)
async def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert (await failure(status(429, "", **headers))).retry_after == seconds


async def test_a_date_to_wait_for() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    wait = (await failure(status(429, "", retry_after=soon))).retry_after
    assert wait is not None
    assert 25 < wait <= 30


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (
            "<html><title>502 Bad Gateway</title><style>p{}</style><p>nginx &amp; co</p></html>",
            "502 Bad Gateway nginx & co",
        ),
        ('{"error":"no such model"}', "no such model"),
        ('{"message":"quota"}', "quota"),
        ('{"detail":"Not Found"}', "Not Found"),
        ('"plain"', "plain"),
        ("two\nlines\x1b[31m", "two lines [31m"),
        ("[1]", "status 503, and no words"),
        ("key sk-ant-api03-abcdefghijk is bad", "key [key] is bad"),
        ("k-secret is bad", "[key] is bad"),
        ("[" * 100_000, "[" * 299 + "…"),
        ("x" * 100_000, "x" * 299 + "…"),
    ],
)
async def test_any_body_becomes_one_sane_line(body: str, shown: str) -> None:
    assert str(await failure(status(503, body))) == shown


async def test_no_connection_says_what_to_check() -> None:
    profile, closed = PROFILES["ollama"], "http://127.0.0.1:9"
    provider = MessagesProvider(SdkTransport(closed), profile, closed)
    with pytest.raises(ProviderError, match=r"127\.0\.0\.1:9.*ANTHROPIC_BASE_URL") as failed:
        _ = [event async for event in provider.stream(CALL)]
    assert (failed.value.failure, failed.value.retryable) == ("network", True)


async def test_a_page_in_place_of_a_stream() -> None:
    error = await failure(status(200, "<html>Log in</html>", content_type="text/html"))
    assert (error.failure, "base URL" in str(error)) == ("cut", True)


async def test_json_that_is_no_message() -> None:
    error = await failure(status(200, '{"choices":[]}', content_type="application/json"))
    assert "no message" in str(error)


async def test_an_error_in_mid_stream_after_200() -> None:
    error = Frame("error", said("overloaded_error", "Overloaded"))
    failed = await failure(sse(*REPLY[:3], wire(error)))
    assert (failed.failure, failed.retryable, failed.request_id) == ("unavailable", True, "req_1")


async def count(answer: Sequence[bytes], profile: Profile = PROFILES["anthropic"]) -> int:
    async with raw_server(answer) as server:
        provider = MessagesProvider(SdkTransport(server.url, Secret(api_key="k-secret")), profile, server.url)
        try:
            return await provider.count_tokens(CALL)
        finally:
            await provider.close()
            assert not server.requests or server.requests[0][0].startswith("POST /v1/messages/count_tokens HTTP/1.1")
            assert not server.requests or server.requests[0][1] == CALL.body


async def test_tokens_are_counted_by_the_provider() -> None:
    assert await count(status(200, '{"input_tokens": 2095}', content_type="application/json")) == 2095


@pytest.mark.parametrize("body", ["", "[]", '{"input_tokens": -1}', '{"input_tokens": null}', "<html>", '{"a":'])
async def test_an_answer_that_is_no_count_is_said_to_be_none(body: str) -> None:
    with pytest.raises(ProviderError, match="the provider sent no count of tokens"):
        await count(status(200, body, content_type="application/json"))


async def test_a_count_fails_in_the_words_of_the_provider() -> None:
    with pytest.raises(ProviderError, match="slow down") as failed:
        await count(status(429, said("rate_limit_error", "slow down")))
    assert (failed.value.failure, failed.value.retryable) == ("limited", True)


async def test_an_endpoint_that_counts_nothing_is_not_asked() -> None:
    async with raw_server() as server:
        provider = MessagesProvider(SdkTransport(server.url), PROFILES["ollama"], server.url)
        with pytest.raises(ProviderError, match="ollama does not count tokens") as failed:
            await provider.count_tokens(CALL)
        await provider.close()
        assert failed.value.failure == "refused"
        assert server.connections == 0


async def test_the_offline_provider_counts_what_it_bills() -> None:
    head = render_head("offline", model="claude-opus-5-5", tools=(), system=("Be brief.",))
    tip = Node(None, seal("user", [{"type": "text", "text": "Where is `main` defined?"}]))
    provider = build_provider(Choice(PROFILES["offline"], "offline", ""), delay=0)
    tokens = await provider.count_tokens(Call(build(head, tip, (), None).pieces))
    sent = build(head, tip, (), Envelope(100))
    began, *_ = [event async for event in provider.stream(Call(sent.pieces))]
    await provider.close()
    assert isinstance(began, Began)
    assert tokens == began.usage.input > 10
