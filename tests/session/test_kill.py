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

from omg.session.load import load
from tests.summaries import written

SHELL = json.dumps({"command": "echo started > marker; sleep 30"})


class Slow(BaseHTTPRequestHandler):
    """A Messages API that begins every reply and, where the words say so, never ends it."""

    protocol_version = "HTTP/1.0"

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.bodies.append(request)
        text = newest(request)
        summary = text.startswith("<compact>")
        if summary and self.server.summaries == "unheard":
            self.server.streaming.set()
            self.server.done.wait(60)
            return
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
        slowly = self.server.summaries == "cut" if summary else "slowly" in text
        said = summary_of(text) if summary else "half an answer"
        self.block(0, {"type": "text", "text": ""}, {"type": "text_delta", "text": said}, not slowly)
        if slowly:
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


def summary_of(asked: str) -> str:
    """A summary that names all that is asked for by name."""
    return written([line[2:] for line in asked.partition("must be named")[2].splitlines() if line.startswith("- ")])


def newest(request) -> str:
    texts = [b["text"] for m in request["messages"] if m["role"] == "user" for b in m["content"] if b["type"] == "text"]
    return texts[-1]


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    server.bodies, server.streaming, server.done = [], threading.Event(), threading.Event()
    server.daemon_threads, server.summaries = True, "whole"
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

    def start(*words: str, program=("-m", "omg")) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *program, *words],
            cwd=tmp_path / "work",
            env=env | {"PYTHONPATH": os.getcwd()},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


DRIVER = """
import asyncio, os, sys
from omg.agent.starts import find_start, start_at
from omg.cli.arguments import parse
from omg.cli.configure import make_config
from omg.cli.plan import make_plan
from omg.session.opening import open_saved
from omg.session.store import Store

async def main(what):
    plan = make_plan(parse(["-c"]), os.environ)
    path = Store(plan.home).find("last", plan.folder)
    conversation = open_saved(make_config(plan, None, typed=True), path)
    agent, tree = conversation.agent, conversation.tree
    print("began", flush=True)
    if what == "draft":
        await agent.compactor.draft(agent.live("main"), "the cache ends soon")
    while what == "switch":
        conversation.go_on_at(find_start(tree, "a"), "switch to a")
        conversation.go_on_at(find_start(tree, "1"), "switch to 1")
    while what == "rewind":
        conversation.go_on_at(find_start(tree, "1"), "and forth")
        conversation.go_on_at(start_at(tree, tree.branches["main"].tip.parent.parent), "rewind to before it")

asyncio.run(main(sys.argv[1]))
"""
"""Drives a saved session as somebody who types would: a draft, or one move after the other."""


@pytest.fixture
def driver(omg):
    """Starts the driver beside `omg`."""
    return lambda what: omg(what, program=["-c", DRIVER])


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


def main_in(tmp_path):
    """Main as the log of the only session tells it."""
    (log,) = (tmp_path / "home" / "sessions").glob("*.jsonl")
    return load(log).tree.branches["main"]


def texts_of(request) -> list[str]:
    return [block["text"] for message in request["messages"] for block in message["content"] if block["type"] == "text"]


@pytest.mark.parametrize("summaries", ["unheard", "cut"])
@pytest.mark.parametrize("what", ["compact", "draft"])
def test_killed_while_a_summary_is_written_the_session_goes_on_with_all_of_its_history(
    omg, driver, server, tmp_path, what, summaries
):
    done(omg("-p", "Never touch tests/."))
    done(omg("-c", "-p", "hello"))
    before = main_in(tmp_path)
    server.summaries = summaries
    process = omg("compact", "last") if what == "compact" else driver("draft")
    assert server.streaming.wait(30)
    time.sleep(0.05)
    killed(process)
    after = main_in(tmp_path)
    assert (after.epoch, after.tip.id, after.summary) == (1, before.tip.id, None)
    server.summaries = "whole"
    out, _ = done(omg("-c", "-p", "and on", "--output", "json"))
    assert (json.loads(out)["text"], json.loads(out)["forks"]) == ("half an answer", [])
    assert [text for text in texts_of(server.bodies[-1]) if not text.startswith("<")][::2][:2] == [
        "Never touch tests/.",
        "hello",
    ]
    out, _ = done(omg("compact", "last", "--output", "json"))
    assert json.loads(out)["epoch"] == 2
    done(omg("-c", "-p", "after it"))
    assert any("- Never touch tests/." in text for text in texts_of(server.bodies[-1]))
    done(omg("verify"))


def test_killed_after_a_summary_was_written_it_is_there(driver, omg, server, tmp_path):
    done(omg("-p", "hello"))
    process = driver("draft")
    done(process)
    assert main_in(tmp_path).summary.draft
    asked = len(server.bodies)
    done(omg("compact", "last"))
    assert len(server.bodies) == asked, "nothing was said since, so that summary is good"
    assert main_in(tmp_path).epoch == 2


@pytest.mark.parametrize("what", ["switch", "rewind"])
def test_killed_among_moves_the_session_is_at_one_of_the_places(driver, omg, server, tmp_path, what):
    done(omg("-p", "hello", "--fork", "look", "--then", "go on"))
    tips = {main_in(tmp_path).tip.id}
    for wait in (0.0, 0.02, 0.1):
        process = driver(what)
        assert process.stdout.readline() == "began\n"
        time.sleep(wait)
        killed(process)
        tips.add(main_in(tmp_path).tip.id)
    assert len(tips) <= 3, "the beginning, and the two places"
    out, _ = done(omg("-c", "-p", "and on", "--output", "json"))
    assert json.loads(out)["text"] == "half an answer"
    done(omg("verify"))
