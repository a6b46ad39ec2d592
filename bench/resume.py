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
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.long import make
from bench.startup import as_installed, seconds

ROUNDS = 7
_LIMIT = 60.0
_ASKED, _ANSWERED = b"/anchor\r", re.compile(rb"there are @place|/anchor NAME makes one")
"""Keys, and what can only stand on the screen when the session is open and has answered them."""
_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")


@dataclass(frozen=True, slots=True)
class Resumed:
    """A resume until it has answered: seconds since the process was started, those of the processor that it has used
    (on a machine that does other things as well, the truer figure), and its peak of memory in MB."""

    seconds: float
    cpu: float
    peak: float


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

    def answers(self, keys: bytes, sign: Callable[[bytes], object]) -> Resumed:
        """Type `keys`, and wait until `sign` is on the screen."""
        os.write(self._file, keys)
        seen = b""
        while not sign(seen):
            if time.perf_counter() - self._began > _LIMIT:
                raise SystemExit(f"no answer to {keys!r} within {_LIMIT} s: {seen[-500:]!r}")
            if select.select([self._file], [], [], 0.5)[0]:
                seen += os.read(self._file, 65536)
        took, process = time.perf_counter() - self._began, Path(f"/proc/{self._pid}")
        user, system = (process / "stat").read_text().rpartition(")")[2].split()[11:13]
        found = _PEAK.search((process / "status").read_text())
        cpu = (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
        return Resumed(took, cpu, int(found[1]) / 1024 if found else 0.0)

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
    found = terminal.answers(_ASKED, _ANSWERED.search)
    terminal.kill()
    return found


def told(found: list[Resumed]) -> str:
    """Resumes in words, in the middle of several."""
    took, cpu = (statistics.median(values) for values in zip(*((one.seconds, one.cpu) for one in found), strict=True))
    peak = max(one.peak for one in found)
    return f"the prompt answers after {took:.2f} s ({cpu:.2f} s of the processor), peak {peak:.0f} MB"


def main() -> None:
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    omg = as_installed()
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
            print(f"{folder.name}, from the log alone: {told([terminal.answers(_ASKED, _ANSWERED.search)])}")
            terminal.quit()
        bare: list[float] = []
        rounds: list[list[Resumed]] = []
        for _ in range(ROUNDS):
            bare.append(seconds(sys.executable, "-c", "pass"))
            rounds.append([resumed(omg, home, folder) for folder in folders.values()])
        print(f"python -c pass {1000 * statistics.median(bare):.0f} ms")
        for at, count in enumerate(folders):
            print(f"{count} records: {told([row[at] for row in rounds])}")


if __name__ == "__main__":
    main()
