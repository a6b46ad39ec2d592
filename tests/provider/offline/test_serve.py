import json
import socket
import struct
import threading
from collections.abc import Iterator

import anthropic
import pytest

from omg.provider.offline.serve import Server, serve
from tests.provider.offline.requests import body, marked, text, user


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(0, delay=0)
    yield server
    server.close()


def sdk(server: Server) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=server.url, api_key="anything", max_retries=0)


def raw(server: Server, request: bytes, *, answers: int = 1) -> bytes:
    """Send bytes as they are, and read that many answers."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as link:
        link.sendall(request)
        got = b""
        while got.count(b"\r\n0\r\n\r\n") < answers:
            piece = link.recv(65536)
            if not piece:
                break
            got += piece
        return got


def post(request: object, *headers: str, path: str = "/v1/messages") -> bytes:
    content = json.dumps(request).encode()
    head = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Length: {len(content)}", *headers, "", ""]
    return "\r\n".join(head).encode() + content


def test_the_official_sdk_streams_from_it(server: Server) -> None:
    with sdk(server).messages.stream(
        model="claude-opus-5-5", max_tokens=500, messages=[{"role": "user", "content": "What are you?"}]
    ) as stream:
        said = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert said == final.content[0].text  # type: ignore[union-attr]
    assert (final.stop_reason, final.usage.output_tokens > 0) == ("end_turn", True)


def test_the_official_sdk_gets_its_typed_errors_and_models(server: Server) -> None:
    with pytest.raises(anthropic.BadRequestError, match="at least one message"):
        sdk(server).messages.create(model="claude-opus-5-5", max_tokens=5, messages=[])
    with pytest.raises(anthropic.NotFoundError):
        sdk(server).get("/v1/nothing", cast_to=object)
    assert sdk(server).models.list().data[0].id.startswith("claude-")
    counted = sdk(server).messages.count_tokens(model="m", messages=[{"role": "user", "content": "Hi"}])
    assert counted.input_tokens > 0


def test_one_cache_for_all_connections(server: Server) -> None:
    request = body(user(marked(text("word " * 4000)), "tail"))
    first, second = (sdk(server).post("/v1/messages", body=request, cast_to=anthropic.types.Message) for _ in range(2))
    assert second.usage.cache_read_input_tokens == first.usage.cache_creation_input_tokens
    assert first.usage.cache_creation_input_tokens


def test_a_connection_is_kept_and_paths_are_routed_without_their_query(server: Server) -> None:
    one = post(body(stream=True), path="/v1/messages?beta=true")
    got = raw(server, one + one, answers=2)
    assert got.count(b"HTTP/1.1 200 OK") == 2
    assert got.count(b"event: message_stop") == 2
    assert got.lower().count(b"content-type: text/event-stream; charset=utf-8") == 2


def test_a_client_that_leaves_is_harmless(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    for request in (b"", b"POST /v1/messages HTTP/1.1\r\nContent-Length: 99\r\n\r\n{", post(body(stream=True))):
        with socket.create_connection(("127.0.0.1", server.port)) as link:
            link.sendall(request)
    with socket.create_connection(("127.0.0.1", server.port)) as link:
        link.sendall(b"POST /v1/mess")
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # leave with a reset
    assert b"200 OK" in raw(server, post(body()))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"POST /v1/messages HTTP/1.1\r\nHost: x\r\n\r\n", b"411"),
        (b"POST /v1/messages HTTP/1.1\r\nContent-Length: -4\r\n\r\n", b"411"),
        (b"POST /v1/messages HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n", b"413"),
        (b"POST /v1/messages HTTP/1.1\r\nContent-Length: 1\r\nConnection: close\r\n\r\n{", b"400"),
        (b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"404"),
        (b"DELETE /v1/messages HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"404"),
    ],
)
def test_requests_that_are_wrong_as_http(server: Server, request_: bytes, status: bytes) -> None:
    assert raw(server, request_).startswith(b"HTTP/1.1 " + status)


def test_many_at_once(server: Server) -> None:
    answers: list[bytes] = []
    threads = [threading.Thread(target=lambda: answers.append(raw(server, post(body(stream=True))))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(b"event: message_stop" in answer for answer in answers) == 20


def test_as_a_context_it_gives_its_address_and_is_closed_at_the_end() -> None:
    with serve(0, delay=0) as address:
        port = int(address.removeprefix("http://127.0.0.1:"))
        socket.create_connection(("127.0.0.1", port)).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_a_port_that_is_taken(server: Server) -> None:
    with pytest.raises(OSError):
        Server(server.port)
