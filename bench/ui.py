"""The terminal UI in a real terminal: first picture, frames and key echo while a long session streams, memory, CPU."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from collections.abc import AsyncGenerator, Callable
from fcntl import ioctl
from pathlib import Path

from bench.long import make
from bench.script import code, prose
from bench.startup import as_installed, seconds

COLUMNS, ROWS = 160, 48
MESSAGES = 10_000
LONG = 50_000
"""Records of the session whose end is looked for: about 100 MB."""
TOKENS = 2_000
"""Streamed a second, of four characters each."""
SECONDS = 18.0
KEYS = "αβγδεζηθικλμνξοπρστυφχψωбвджзилпцчшщэю"
"""Typed one after another while it streams: letters that nothing else on the screen has."""
_LIMIT = 30.0


class Terminal:
    """A program in a terminal of its own, and all that it has written."""

    def __init__(self, command: list[str], env: dict[str, str], cwd: Path) -> None:
        self.began = time.perf_counter()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            os.chdir(cwd)
            os.execve(command[0], command, {**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **env})
        self.seen = bytearray()

    def read(self, wait: float) -> None:
        """Take what it has written within `wait` seconds."""
        if select.select([self.fd], [], [], wait)[0]:
            try:
                self.seen += os.read(self.fd, 1 << 16)
            except OSError:  # it has ended
                raise SystemExit(f"it ended early:\n{self.seen[-2000:].decode(errors='replace')}") from None

    def until(self, sign: str, since: int = 0) -> float:
        """Seconds from the start of the program until `sign` has been written, behind the first `since` bytes."""
        wanted, start = sign.encode(), time.perf_counter()
        while wanted not in self.seen[since:]:
            self.read(0.5)
            if time.perf_counter() - start > _LIMIT:
                raise SystemExit(f"no {sign!r} within {_LIMIT} s:\n{self.seen[-2000:].decode(errors='replace')}")
        return time.perf_counter() - self.began

    def type(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def end(self) -> None:
        os.kill(self.pid, signal.SIGTERM)
        deadline = time.perf_counter() + _LIMIT
        while os.waitpid(self.pid, os.WNOHANG) == (0, 0):
            if time.perf_counter() > deadline:
                os.kill(self.pid, signal.SIGKILL)
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    os.read(self.fd, 1 << 16)
                except OSError:
                    continue
        os.close(self.fd)


def first_paint(omg: str, home: Path, rounds: int = 9) -> tuple[float, float]:
    """Milliseconds until the first picture, and until the app itself has drawn its keys."""
    pictures, screens = list[float](), list[float]()
    for _ in range(rounds):
        terminal = Terminal([omg], {"OMG_HOME": str(home)}, home)
        pictures.append(terminal.until("omg"))
        screens.append(terminal.until("help"))
        terminal.end()
    return 1000 * statistics.median(pictures), 1000 * statistics.median(screens)


def resumed_end(omg: str, folder: Path, rounds: int = 5) -> tuple[float, float]:
    """Seconds until the newest words of a session of LONG records are on the screen, and the memory by then, in MB."""
    home, work = folder / "home", folder / "work"
    work.mkdir()
    log = home / "sessions" / "0123456789ab.jsonl"
    make(log, LONG, work)
    took, memory, env = list[float](), list[float](), {"OMG_HOME": str(home), "OMG_PROVIDER": "offline"}
    for place in range(rounds + 1):
        terminal = Terminal([omg, "-c"], env, work)
        seen = terminal.until(_newest(log)[-14:])
        if place:  # the first one had no checkpoint
            took.append(seen)
            memory.append(_memory(terminal.pid))
        terminal.end()
    return statistics.median(took), max(memory)


def _newest(log: Path) -> str:
    """The last words that the agent has said."""
    for line in reversed(log.read_bytes().splitlines()):
        record = json.loads(line)
        if record["kind"] == "node" and record["branch"] == "main" and record["message"]["role"] == "assistant":
            return record["message"]["content"][-1]["text"]
    raise SystemExit("the session says nothing")


def streaming(home: Path) -> dict[str, float]:
    """What a session of MESSAGES messages costs while a reply streams into it, and how soon a key is seen."""
    told = home / "told.json"
    command = [sys.executable, "-m", "bench.ui", "inside", str(home), str(told)]
    terminal = Terminal(command, {"PYTHONPATH": str(Path.cwd())}, Path.cwd())
    terminal.until("day 1")
    for _ in range(30):  # a person reads what is there before they say anything: by then all is loaded
        terminal.read(0.1)
    terminal.type("go\r")
    terminal.until("● ")
    echoes: list[float] = []
    for key in KEYS:
        for _ in range(4):
            terminal.read(0.1)
        since, typed = len(terminal.seen), time.perf_counter()
        terminal.type(key)
        terminal.until(key, since)
        echoes.append(1000 * (time.perf_counter() - typed))
    while not told.exists():
        terminal.read(0.2)
    terminal.end()
    found: dict[str, float] = json.loads(told.read_text())
    return {**found, "echo_p95": _p95(echoes), "echo_median": statistics.median(echoes)}


def _p95(values: list[float]) -> float:
    return sorted(values)[min(int(0.95 * len(values)), len(values) - 1)] if values else 0.0


def inside(home: Path, told: Path) -> None:
    """The program that is measured: the app over a long session, with a provider that streams."""
    from omg.ui.screen import Screen
    from omg.ui.taste import Taste
    from omg.ui.tui.app import OmgApp

    screen = Screen(
        ui="tui",
        model="claude-opus-5-5",
        provider="bench",
        mode="ask",
        folder=home,
        home=home,
        color=True,
        open=lambda asker, resume: _session(home),
        remember=lambda rule: None,
        trust=lambda: None,
        taste=Taste(theme="dark"),
    )
    app = OmgApp(screen)
    frames = _Frames(app)
    app.call_later(frames.attach, told)
    app.run_here()


class _Frames:
    """How long the app is busy with each frame, by the clock and by the processor."""

    def __init__(self, app: object) -> None:
        self._app, self._walls, self._gaps, self._used = app, list[float](), list[float](), list[float]()
        self._last = 0.0

    async def attach(self, told: Path) -> None:
        from omg.ui.tui.app import OmgApp

        assert isinstance(self._app, OmgApp)
        app = self._app
        app.transcript._frame = self._timed(app.transcript._frame)  # type: ignore[method-assign]
        app.screen._compositor_refresh = self._timed(app.screen._compositor_refresh, ends=True)  # type: ignore[method-assign]
        self._watching = asyncio.create_task(self._watch(app, told))

    def _timed(self, work: Callable[[], None], *, ends: bool = False) -> Callable[[], None]:
        held = self._held = getattr(self, "_held", [0.0, 0.0])

        def timed() -> None:
            began, used = time.perf_counter(), time.thread_time()
            work()
            ended = time.perf_counter()
            held[0] += ended - began
            held[1] += time.thread_time() - used
            if ends:
                self._walls.append(1000 * held[0])
                self._used.append(1000 * held[1])
                self._gaps.append(1000 * (ended - self._last))
                self._last, held[0], held[1] = ended, 0.0, 0.0

        return timed

    async def _watch(self, app: object, told: Path) -> None:
        from omg.ui.tui.app import OmgApp

        assert isinstance(app, OmgApp)
        while not app.desk.talk.busy:  # noqa: ASYNC110 - nothing tells when
            await asyncio.sleep(0.01)
        await asyncio.sleep(1.0)
        self._walls.clear()
        self._gaps.clear()
        self._used.clear()
        conversation = app.desk.talk.conversation
        assert conversation is not None
        provider = conversation.config.provider
        assert isinstance(provider, _Streams)
        sent, used, began = provider.sent, time.process_time(), time.perf_counter()
        await asyncio.sleep(SECONDS - 3)
        sent, used, took = provider.sent - sent, time.process_time() - used, time.perf_counter() - began
        figures = {
            "frame_p95": _p95(self._walls),
            "frame_used_p95": _p95(self._used),
            "frame_median": statistics.median(self._walls),
            "frames_a_second": len(self._walls) / took,
            "gap_p95": _p95(self._gaps),
            "core": used / took,
            "streamed_a_second": sent / took,
            "memory_mb": _memory(),
        }
        if os.environ.get("BENCH_WHOLE"):
            await app.transcript.action_scroll_home()
            figures["memory_whole_mb"] = _memory()
        told.with_suffix(".part").write_text(json.dumps(figures))
        told.with_suffix(".part").rename(told)


def _memory(pid: int | str = "self") -> float:
    """The most memory that a process has had, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _session(home: Path):
    from dataclasses import replace

    from bench.stage import OPUS
    from omg.agent.runtime import Limits, Rules
    from omg.core.catalog import load_catalog
    from omg.session.config import Config
    from omg.session.opening import open_saved
    from omg.session.store import Store

    config = Config(
        home=home,
        folder=home,
        catalog=load_catalog(),
        provider=_Streams(),
        provider_name="bench",
        default_model=OPUS.model,
        setup_for=lambda model, effort: replace(OPUS, model=model, window=100_000_000),
        rules=Rules("ask"),
        limits=Limits(),
        typed=True,
    )
    return open_saved(config, Store(home).find("last", home))


class _Streams:
    """Implements Provider: says Markdown at TOKENS a second for SECONDS, with the SDK in memory all the same."""

    endpoint = "https://bench.test"

    def __init__(self) -> None:
        self.sent = 0

    async def stream(self, call: object) -> AsyncGenerator[object, None]:
        from omg.core.usage import Usage
        from omg.provider.protocol import Began, Ended, TextDelta

        usage = Usage(plain=100, output=1)
        yield Began("msg_1", "claude-opus-5-5", usage)
        pieces = [_REPLY[at : at + 4] for at in range(0, len(_REPLY), 4)]
        began, said = time.perf_counter(), list[str]()
        while (passed := time.perf_counter() - began) < SECONDS:
            while self.sent < passed * TOKENS:
                piece = pieces[self.sent % len(pieces)]
                self.sent += 1
                said.append(piece)
                yield TextDelta(piece)
            await asyncio.sleep(0.002)
        yield Ended(({"type": "text", "text": "".join(said)},), "end_turn", usage, frozenset(), None)

    def warm_up(self) -> None:
        from omg.provider.sdk import SdkTransport

        SdkTransport(self.endpoint).warm_up()

    async def close(self) -> None: ...


_REPLY = (
    "Streaming.\n\n"
    + "\n\n".join(
        part
        for seed in range(12)
        for part in (
            f"## Part {seed}",
            prose(f"a{seed}", 90),
            f"```python\n{code(seed, 30)}```",
            "\n".join(f"- {prose(f'{seed} {place}', 12)}" for place in range(6)),
        )
    )
    + "\n\n"
)


def long_session(home: Path, messages: int = MESSAGES) -> None:
    """The log of a session with so many messages: words, calls, results, replies."""
    from omg.agent.journal import BranchMade, HeadMade, NodeSealed, SessionMade
    from omg.core.catalog import load_catalog
    from omg.session.codec import FORMAT
    from omg.session.log import Log
    from omg.session.store import Store
    from omg.wire.chain import Node
    from omg.wire.seal import seal

    now, store = time.time(), Store(home)
    head = load_catalog().head("https://bench.test", model="claude-opus-5-5")
    log = Log(store.path(id := store.new_id()))
    log.write(
        SessionMade(at=now, format=FORMAT, id=id, folder=str(home.resolve()), omg="bench", provider="bench"),
        HeadMade(at=now, head=head),
        BranchMade(at=now, name="main", head=head.id, node=None),
    )
    tip: Node | None = None
    for number in range(messages // 4):
        call = {"type": "tool_use", "id": f"toolu_{number}", "name": "read", "input": {"path": f"src/m{number}.py"}}
        result = {"type": "tool_result", "tool_use_id": f"toolu_{number}"}
        text = [{"type": "text", "text": code(number % 50, 40)}]
        for role, blocks in (
            ("user", [{"type": "text", "text": f"{number}: {prose(f'q{number}', 14)}"}]),
            ("assistant", [{"type": "text", "text": prose(f"s{number}", 12)}, call]),
            ("user", [{**result, "content": text}]),
            ("assistant", [{"type": "text", "text": f"{prose(f'r{number}', 80)}\n\n```python\n{code(number, 12)}```"}]),
        ):
            tip = Node(tip, seal(role, blocks))  # type: ignore[arg-type]
            words = 0 if role == "user" and "text" in blocks[0] else None
            log.write(NodeSealed(at=now, branch="main", node=tip, words=words))
    log.close()


def main() -> None:
    if sys.argv[1:2] == ["inside"]:
        return inside(Path(sys.argv[2]), Path(sys.argv[3]))
    omg = as_installed()
    nothing = 1000 * statistics.median(seconds(sys.executable, "-c", "pass") for _ in range(9))
    with tempfile.TemporaryDirectory() as folder:
        picture, app = first_paint(omg, Path(folder))
    print(
        f"python -c pass {nothing:.0f} ms; the first picture after {picture:.0f} ms, the app's own after {app:.0f} ms"
    )
    with tempfile.TemporaryDirectory() as folder:
        end, memory = resumed_end(omg, Path(folder))
    print(f"{LONG} records: the newest words are there after {end:.2f} s, {memory:.0f} MB")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        long_session(home)
        found = streaming(home)
    print(f"{MESSAGES} messages, {found['streamed_a_second']:.0f} tokens a second streamed:")
    print(f"  a frame takes {found['frame_median']:.1f} ms, 95th percentile {found['frame_p95']:.1f} ms;")
    print(f"  of the processor it takes {found['frame_used_p95']:.1f} ms, 95th percentile;")
    print(f"  {found['frames_a_second']:.0f} frames a second, 95th percentile between two {found['gap_p95']:.0f} ms;")
    print(f"  a key is seen after {found['echo_median']:.0f} ms, 95th percentile {found['echo_p95']:.0f} ms;")
    print(f"  {100 * found['core']:.0f} % of one core; {found['memory_mb']:.0f} MB at most")
    return None


if __name__ == "__main__":
    main()
