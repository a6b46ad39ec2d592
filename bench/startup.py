"""Start-up: `omg --version` beside `python -c pass`, and the time until the REPL's prompt is on the screen."""

from __future__ import annotations

import compileall
import os
import pty
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 15
PROMPT = "›".encode()
TOOLBAR = b"opus"
"""A word of the toolbar, which is there with the editor."""
_LIMIT = 10.0


def as_installed() -> str:
    """The path of `omg`, compiled as an installation compiles it, whatever the environment says of byte code."""
    root = Path(__file__).resolve().parent.parent
    for folder in ("omg", "tools", "bench"):
        compileall.compile_dir(root / folder, quiet=1)
    return str(Path(sys.executable).parent / "omg")


def seconds(*command: str) -> float:
    """Wall time of a whole process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def until(omg: str, home: str, sign: bytes) -> float:
    """Seconds from the start of the process until `sign` can be read in a terminal."""
    start = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(OMG_HOME=home, TERM="xterm-256color", COLUMNS="100", LINES="30")
        os.execv(omg, [omg, "--repl"])
    seen = b""
    while sign not in seen and time.perf_counter() - start < _LIMIT:
        if select.select([terminal], [], [], 0.5)[0]:
            seen += os.read(terminal, 65536)
            if b"\x1b[6n" in seen:  # where the cursor is: a terminal answers this at once
                os.write(terminal, b"\x1b[1;1R")
                seen = seen.replace(b"\x1b[6n", b"")
    took = time.perf_counter() - start
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(terminal)
    if sign not in seen:
        raise SystemExit(f"no {sign.decode()} within {_LIMIT} s")
    return took


def main() -> None:
    omg = as_installed()
    seconds(omg, "--version")
    pairs = [(seconds(sys.executable, "-c", "pass"), seconds(omg, "--version")) for _ in range(ROUNDS)]
    nothing = 1000 * statistics.median(pair[0] for pair in pairs)
    ratio = statistics.median(mine / bare for bare, mine in pairs)
    print(f"python -c pass {nothing:.1f} ms; omg --version takes {ratio:.1f} times that")
    with tempfile.TemporaryDirectory() as home:
        median = 1000 * statistics.median(until(omg, home, PROMPT) for _ in range(ROUNDS))
        editor = 1000 * statistics.median(until(omg, home, TOOLBAR) for _ in range(ROUNDS))
    print(f"REPL prompt on screen after {median:.0f} ms (median; {median / nothing:.0f} times python -c pass)")
    print(f"the editor behind it after {editor:.0f} ms; keys typed meanwhile are kept")


if __name__ == "__main__":
    main()
