"""A real process, killed at the worst moment; the next one goes on."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

SHELL = json.dumps({"command": "echo started > marker; sleep 30"})


class Slow(BaseHTTPRequestHandler):
    """A Messages API that begins every reply and, where the words say so, never ends it."""

    protocol_version = "HTTP/1.0"

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.bodies.append(request)
        text = newest(request)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        usage = {"input_tokens": 10, "output_tokens": 1}
        message = {"id": "m", "type": "message", "role": "assistant", "model": request["model"], "content": []}
        self.event("message_start", message={**message, "usage": usage, "stop_reason": None})
        if "run it" in text and request["messages"][-1]["content"][0]["type"] == "text":
            self.block(
                0,
                {"type": "tool_use", "id": f"toolu_{len(self.server.bodies)}", "name": "shell", "input": {}},
                {"type": "input_json_delta", "partial_json": SHELL},
            )
            self.end("tool_use")
            return
        self.block(
            0, {"type": "text", "text": ""}, {"type": "text_delta", "text": "half an answer"}, "slowly" not in text
        )
        if "slowly" in text:
            self.server.streaming.set()
            self.server.done.wait(60)
        else:
            self.end("end_turn")

    def event(self, kind: str, **fields) -> None:
        self.wfile.write(f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode())
        self.wfile.flush()

    def block(self, index, start, delta, whole=True) -> None:
        self.event("content_block_start", index=index, content_block=start)
        self.event("content_block_delta", index=index, delta=delta)
        if whole:
            self.event("content_block_stop", index=index)

    def end(self, stop: str) -> None:
        self.event("message_delta", delta={"stop_reason": stop}, usage={"output_tokens": 5})
        self.event("message_stop")

    def log_message(self, *words) -> None: ...


def newest(request) -> str:
    texts = [b["text"] for m in request["messages"] if m["role"] == "user" for b in m["content"] if b["type"] == "text"]
    return texts[-1]


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    server.bodies, server.streaming, server.done = [], threading.Event(), threading.Event()
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.done.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def omg(tmp_path, server):
    """Starts `omg` with some words of command line, in a folder of its own."""
    (tmp_path / "work").mkdir()
    env = {name: value for name, value in os.environ.items() if not name.startswith(("ANTHROPIC", "OMG"))}
    env |= {"OMG_HOME": str(tmp_path / "home"), "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{server.server_port}"}

    def start(*words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "omg", *words],
            cwd=tmp_path / "work",
            env=env | {"PYTHONPATH": os.getcwd()},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def killed(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def done(process: subprocess.Popen[str]) -> tuple[str, str]:
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out, err


def wait_for(path) -> None:
    for _ in range(3000):
        if path.exists():
            return
        time.sleep(0.01)
    raise AssertionError(f"{path} never came")


def test_killed_in_mid_stream_it_loses_that_reply_alone_and_says_so(omg, server, tmp_path):
    done(omg("-p", "hello"))
    process = omg("-c", "-p", "slowly now")
    assert server.streaming.wait(30)
    time.sleep(0.05)
    killed(process)
    out, err = done(omg("-c", "-p", "and on", "--output", "json"))
    assert json.loads(out)["text"] == "half an answer"
    assert "streaming when OMG ended is lost" in err
    assert json.loads(out)["usage"]["output"] is None, "the lost reply's length was never told"
    texts = [block["text"] for message in server.bodies[-1]["messages"] for block in message["content"]]
    assert texts[-4:-2] == ["half an answer", "slowly now"]
    assert "cut off" in texts[-2]
    assert texts[-1] == "and on"
    done(omg("verify"))


def test_killed_while_a_tool_runs_it_says_that_its_outcome_is_unknown(omg, server, tmp_path):
    process = omg("-p", "run it", "--mode", "all")
    wait_for(tmp_path / "work" / "marker")
    killed(process)
    done(omg("-c", "-p", "and on"))
    result = server.bodies[-1]["messages"][-1]["content"][0]
    assert (result["type"], result["is_error"]) == ("tool_result", True)
    assert "unknown" in result["content"][0]["text"]


def test_killed_while_forks_stream_they_are_stopped_and_can_be_read(omg, server):
    process = omg("-p", "hello", "--fork", "slowly one", "--fork", "slowly two")
    assert server.streaming.wait(30)
    time.sleep(0.1)
    killed(process)
    out, err = done(omg("-c", "-p", "and on", "--output", "json"))
    assert [fork["status"] for fork in json.loads(out)["forks"]] == ["stopped", "stopped"]
    assert "fork a was stopped" in err


def test_a_second_process_is_told_that_the_session_is_open(omg, server):
    done(omg("-p", "hello"))
    process = omg("-c", "-p", "slowly now")
    assert server.streaming.wait(30)
    second = omg("-c", "-p", "me too")
    _, err = second.communicate(timeout=60)
    assert second.returncode == 1
    assert "open in another process" in err
    assert len(err.strip().splitlines()) == 1
    killed(process)
