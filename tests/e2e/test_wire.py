"""What leaves the machine, seen by a server on loopback: bodies extend each other through forks, kill -9 and resume."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

MARKER = re.compile(rb',"cache_control":\{"type":"ephemeral","ttl":"(?:5m|1h)"\}')
OMG = [sys.executable, "-m", "omg"]
ROOT = Path(__file__).resolve().parents[2]


def prefix(body: bytes) -> bytes:
    """Head and messages: markers out, and everything behind the messages."""
    return MARKER.sub(b"", body).rpartition(b'],"max_tokens"')[0]


class Recorder(ThreadingHTTPServer):
    """A Messages API that reads one file, then answers; slow when it is told to be. Keeps every body."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.bodies: list[bytes] = []
        self.begun: list[bytes] = []
        self.hang = threading.Event()
        self.hanging = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        server: Recorder = self.server  # type: ignore[assignment]
        assert self.headers.get("Transfer-Encoding") is None
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.bodies.append(body)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        usage = {"input_tokens": 1, "output_tokens": 1}
        message = {"id": "msg", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": usage}
        self.event("message_start", message={**message, "stop_reason": None, "stop_sequence": None})
        server.begun.append(body)
        self.event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        self.event("content_block_delta", index=0, delta={"type": "text_delta", "text": "Hm é \ud83d\ude00 "})
        if server.hang.is_set():
            server.hanging.set()
            time.sleep(30)
            return
        self.event("content_block_stop", index=0)
        newest = json.loads(body)["messages"][-1]["content"]
        reads = not any(block["type"] == "tool_result" for block in newest)
        if reads:
            for index, spelt in ((1, '{"path": "a.txt", "limit": 1e1}'), (2, '{"limit":10, "path":"a.txt"}')):
                call = {"type": "tool_use", "id": f"toolu_{len(server.bodies)}_{index}", "name": "read", "input": {}}
                self.event("content_block_start", index=index, content_block=call)
                self.event(
                    "content_block_delta", index=index, delta={"type": "input_json_delta", "partial_json": spelt}
                )
                self.event("content_block_stop", index=index)
        stop = {"stop_reason": "tool_use" if reads else "end_turn", "stop_sequence": None}
        self.event("message_delta", delta=stop, usage={"output_tokens": 5})
        self.event("message_stop")

    def event(self, kind: str, **fields: object) -> None:
        data = json.dumps({"type": kind, **fields})
        self.wfile.write(f"event: {kind}\ndata: {data}\n\n".encode())
        self.wfile.flush()


@pytest.fixture
def server():
    recorder = Recorder()
    yield recorder
    recorder.shutdown()


def test_every_request_extends_what_was_sent(server, tmp_path):
    folder, home = tmp_path / "work", tmp_path / "home"
    folder.mkdir()
    (folder / "a.txt").write_text("one\ntwo é\n")
    env = {**os.environ, "OMG_HOME": str(home), "ANTHROPIC_BASE_URL": server.url, "PYTHONPATH": str(ROOT)}
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OMG_PROVIDER", "OMG_MODEL"):
        env.pop(name, None)

    def omg(*words: str) -> dict:
        done = subprocess.run([*OMG, *words], cwd=folder, env=env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if "json" in words else {}

    omg("-p", "first", "--fork", "task one", "--fork", "task two", "--then", "and then", "--output", "json")
    by_words = {last_words(body): body for body in server.bodies}
    main = [body for body in server.bodies if b"task one" not in body and b"task two" not in body]
    assert_chain(main)
    for task in (b"task one", b"task two"):
        assert_chain([body for body in server.bodies if task in body and b"and then" not in body])
    parent = prefix(by_words["first"])
    forks = [by_words["task one"], by_words["task two"]]
    for body in forks:
        assert prefix(body).startswith(parent)
    assert prefix(forks[0]).replace(b"task one", b"") == prefix(forks[1]).replace(b"task two", b"")
    sent = json.loads(main[1])["messages"][1]["content"]
    assert [block["input"] for block in sent if block["type"] == "tool_use"] == [
        {"path": "a.txt", "limit": 10.0},
        {"limit": 10, "path": "a.txt"},
    ]
    assert b'{"path":"a.txt","limit":1e1}' in main[1]

    before = len(server.begun)
    server.hang.set()
    process = subprocess.Popen([*OMG, "-c", "-p", "hang here"], cwd=folder, env=env, stdout=subprocess.DEVNULL)
    assert server.hanging.wait(20)
    time.sleep(0.3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    server.hang.clear()
    omg("-c", "-p", "go on", "--output", "json")
    after = server.begun[before:]
    assert prefix(after[0]).startswith(prefix(main[-1]))
    assert_chain(after)
    assert b"hang here" in after[1]

    count = len(server.bodies)
    value = omg("fork", "last", "task three", "--output", "json")
    assert value["text"] is None and value["parent"] and len(value["forks"]) == 1
    first = server.bodies[count]
    assert prefix(first).startswith(prefix(after[-1]))
    assert len(json.loads(first)["messages"]) == len(json.loads(after[-1])["messages"]) + 2
    for session in (home / "sessions").glob("*.jsonl"):
        omg("verify", session.stem)


def assert_chain(bodies: list[bytes]) -> None:
    for one, other in zip(bodies, bodies[1:], strict=False):
        assert prefix(other).startswith(prefix(one))


def last_words(body: bytes) -> str:
    texts = [block["text"] for block in json.loads(body)["messages"][-1]["content"] if block["type"] == "text"]
    return texts[-1] if texts else ""
