"""A long session resumed: seconds until its prompt answers keys, and the memory that takes, beside a short one.

`python -m bench.resume [RECORDS]` makes a session of so many records (50,000: about 100 MB) and one of 500.
"""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.long import make

ROUNDS = 7
_LIMIT = 60.0
_ASKED, _ANSWERED = b"/anchor\r", re.compile(rb"there are @place|/anchor NAME makes one")
"""Keys, and what can only stand on the screen when the session is open and has answered them."""
_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")


@dataclass(frozen=True, slots=True)
class Resumed:
    """One resume: seconds from the start of the process, and its peak memory in MB by then and after one more turn."""

    seconds: float
    peak: float
    turn: float
    after: float


class Terminal:
    """`omg -c` in a terminal of its own."""

    def __init__(self, omg: str, home: Path, folder: Path) -> None:
        self._began = time.perf_counter()
        self._pid, self._file = pty.fork()
        if self._pid == 0:
            os.chdir(folder)
            os.environ.update(OMG_HOME=str(home), OMG_PROVIDER="offline", TERM="xterm-256color")
            os.environ.update(COLUMNS="100", LINES="30")
            os.execv(omg, [omg, "-c", "--repl"])

    def answers(self, keys: bytes, sign: Callable[[bytes], object]) -> tuple[float, float]:
        """Type `keys`: seconds since the process was started until `sign` is on the screen, and its peak in MB."""
        os.write(self._file, keys)
        seen = b""
        while not sign(seen):
            if time.perf_counter() - self._began > _LIMIT:
                raise SystemExit(f"no answer to {keys!r} within {_LIMIT} s: {seen[-500:]!r}")
            if select.select([self._file], [], [], 0.5)[0]:
                seen += os.read(self._file, 65536)
        return time.perf_counter() - self._began, self._peak()

    def _peak(self) -> float:
        found = _PEAK.search(Path(f"/proc/{self._pid}/status").read_text())
        return int(found[1]) / 1024 if found else 0.0

    def quit(self) -> None:
        """Leave as a person does."""
        os.write(self._file, b"/quit\r")
        began = time.perf_counter()
        while time.perf_counter() - began < _LIMIT:
            try:
                os.read(self._file, 65536)
            except OSError:  # the terminal is gone with the process
                break
        self._end()

    def kill(self) -> None:
        os.kill(self._pid, signal.SIGKILL)
        self._end()

    def _end(self) -> None:
        os.waitpid(self._pid, 0)
        os.close(self._file)


def resumed(omg: str, home: Path, folder: Path) -> Resumed:
    """Resume the newest session of `folder`, ask something of it, and leave it as it was."""
    terminal = Terminal(omg, home, folder)
    seconds, peak = terminal.answers(_ASKED, _ANSWERED.search)
    terminal.kill()
    return Resumed(seconds, peak, 0, 0)


def seconds(*command: str) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    omg = str(Path(sys.executable).parent / "omg")
    with tempfile.TemporaryDirectory() as place:
        folders = {count: Path(place) / f"work{count}" for count in (500, records)}
        home = Path(place) / "home"
        for count, folder in folders.items():
            folder.mkdir()
            log = home / "sessions" / f"{count:012}.jsonl"
            make(log, count, folder)
            print(f"{count} records, {log.stat().st_size / 1e6:.1f} MB")
        for folder in folders.values():
            terminal = Terminal(omg, home, folder)
            first, peak = terminal.answers(_ASKED, _ANSWERED.search)
            print(f"the first resume in {folder.name}, from the log alone: {first:.2f} s, {peak:.0f} MB")
            terminal.quit()
        rounds = [
            (seconds(sys.executable, "-c", "pass"), *(resumed(omg, home, folder) for folder in folders.values()))
            for _ in range(ROUNDS)
        ]
        print(f"python -c pass {1000 * statistics.median(row[0] for row in rounds):.0f} ms")
        for at, count in enumerate(folders, 1):
            took = statistics.median(row[at].seconds for row in rounds)
            peak = max(row[at].peak for row in rounds)
            print(f"{count} records: the prompt answers after {took:.2f} s (median of {ROUNDS}), peak {peak:.0f} MB")


if __name__ == "__main__":
    main()
