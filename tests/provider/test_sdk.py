import pytest

from omg.provider.sdk import SdkTransport, Secret
from omg.provider.transport import ConnectionFailed, Frame, StatusFailed
from tests.provider.raw_server import RawServer, raw_server, sse, status

# Spacing, key order, number spelling, escapes and non-ASCII text that any JSON library would change.
AWKWARD = '{"b":1.0,"a": 1e5 ,"é":"\\u00e9 \\/ 火","n":-0}'.encode()


async def frames(transport: SdkTransport, body: bytes = b"{}") -> list[Frame]:
    async with transport.post("/v1/messages", (body,), {}) as reply:
        return [frame async for frame in reply.frames]


async def headers_of(secret: Secret | None) -> dict[str, str]:
    async with raw_server(sse(b"event: ping\ndata: {}\n\n")) as server:
        transport = SdkTransport(server.url, secret)
        await frames(transport)
        await transport.close()
        return parsed(server)


def parsed(server: RawServer) -> dict[str, str]:
    lines = server.requests[0][0].splitlines()[1:]
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}


async def test_the_bytes_on_the_wire_are_the_bytes_given() -> None:
    async with raw_server(sse(b"event: ping\ndata: {}\n\n")) as server:
        transport = SdkTransport(server.url)
        pieces = (AWKWARD[:7], memoryview(AWKWARD)[7:])
        async with transport.post("/v1/messages", pieces, {"anthropic-beta": "x-2026"}) as reply:
            assert [frame async for frame in reply.frames] == [Frame("ping", "{}")]
            assert reply.headers["request-id"] == "req_1"
        head, body = server.requests[0]
    assert body == AWKWARD
    assert head.startswith("POST /v1/messages HTTP/1.1")
    assert parsed(server)["anthropic-beta"] == "x-2026"
    assert "NOT_GIVEN" not in head


async def test_a_connection_is_used_again_with_the_same_bytes() -> None:
    answer = sse(b"event: ping\ndata: {}\n\n")
    async with raw_server(answer, answer) as server:
        transport = SdkTransport(server.url)
        for _ in range(2):
            await frames(transport, AWKWARD)
        assert [body for _, body in server.requests] == [AWKWARD, AWKWARD]
        assert server.connections == 1


async def test_an_api_key_goes_out_in_both_headers_to_a_server_that_is_not_anthropics() -> None:
    headers = await headers_of(Secret(api_key="k-1"))
    assert (headers["authorization"], headers["x-api-key"]) == ("Bearer k-1", "k-1")


async def test_a_token_goes_out_as_bearer_only() -> None:
    headers = await headers_of(Secret(auth_token="t-1"))
    assert headers["authorization"] == "Bearer t-1"
    assert "x-api-key" not in headers


async def test_without_a_key_none_is_sent_not_even_one_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k-of-somebody-else")
    headers = await headers_of(None)
    assert "authorization" not in headers
    assert "x-api-key" not in headers


def test_a_secret_is_never_printed() -> None:
    assert "k-1" not in repr(Secret(api_key="k-1", auth_token="k-1"))


@pytest.mark.parametrize("code", [400, 429, 500, 529])
async def test_a_status_is_handed_up_after_one_attempt(code: int) -> None:
    async with raw_server(status(code, '{"error":{}}', retry_after_ms="7"), status(200)) as server:
        with pytest.raises(StatusFailed) as failed:
            await frames(SdkTransport(server.url))
        assert (failed.value.status, failed.value.body) == (code, '{"error":{}}')
        assert failed.value.headers["retry-after-ms"] == "7"
        assert len(server.requests) == 1


async def test_a_server_that_repeats_the_key_does_not_get_it_shown() -> None:
    async with raw_server(status(401, "bad key: s3cr3t-k")) as server:
        with pytest.raises(StatusFailed) as failed:
            await frames(SdkTransport(server.url, Secret(api_key="s3cr3t-k")))
    assert failed.value.body == "bad key: [key]"


async def test_nobody_listens() -> None:
    async with raw_server() as server:
        pass
    with pytest.raises(ConnectionFailed, match="no connection"):
        await frames(SdkTransport(server.url))


async def test_the_connection_drops_before_an_answer() -> None:
    async with raw_server([]) as server:
        with pytest.raises(ConnectionFailed, match="no connection"):
            await frames(SdkTransport(server.url))
        assert len(server.requests) == 1


async def test_the_connection_drops_in_mid_stream() -> None:
    async with raw_server(sse(b"event: ping\ndata: {}\n\n", end=False)) as server:
        seen: list[Frame] = []
        with pytest.raises(ConnectionFailed, match="mid-stream"):
            async with SdkTransport(server.url).post("/v1/messages", (b"{}",), {}) as reply:
                async for frame in reply.frames:
                    seen.append(frame)
    assert seen == [Frame("ping", "{}")]


async def test_a_character_torn_apart_by_the_network_arrives_whole() -> None:
    whole = 'event: message_start\r\ndata: {"t":"火"}\r\n\r\n'.encode()
    async with raw_server(sse(*(whole[n : n + 1] for n in range(len(whole))))) as server:
        assert await frames(SdkTransport(server.url)) == [Frame("message_start", '{"t":"火"}')]


async def test_a_stream_that_is_not_utf8() -> None:
    async with raw_server(sse(b"event: ping\ndata: \xff\n\n")) as server:
        with pytest.raises(ConnectionFailed, match="UTF-8"):
            await frames(SdkTransport(server.url))


async def test_json_in_one_piece_is_one_frame() -> None:
    async with raw_server(status(200, '{"type":"message"}', content_type="application/json")) as server:
        assert await frames(SdkTransport(server.url)) == [Frame("message", '{"type":"message"}')]


async def test_leaving_the_context_early_closes_the_connection() -> None:
    pings = [b"event: ping\ndata: {}\n\n"] * 3
    async with raw_server(sse(*pings, end=False) + [b""] * 100_000) as server:
        async with SdkTransport(server.url).post("/v1/messages", (b"{}",), {}) as reply:
            assert await anext(reply.frames) == Frame("ping", "{}")
        await server.closed.wait()


async def test_warming_up_returns_at_once_and_may_be_asked_for_again() -> None:
    transport = SdkTransport("http://127.0.0.1:9")
    transport.warm_up()
    transport.warm_up()
    await transport.close()
