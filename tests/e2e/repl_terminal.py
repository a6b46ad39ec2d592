"""A real terminal (tmux) with the REPL in it, and a folder to ask about."""

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is missing")

HARBOUR = '''"""Where ships lie."""


class Berth:
    """A place to moor at."""

    def __init__(self, depth: float) -> None:
        self.depth = depth


def allowance(tide: float) -> float:
    return tide / 2


def moor(berth: Berth, draught: float, tide: float) -> bool:
    return draught <= berth.depth + allowance(tide)
'''


class Terminal:
    """One tmux server of its own, with a shell in it."""

    def __init__(self, folder: Path, home: Path, columns: int = 100, rows: int = 30) -> None:
        self.folder, self.home = folder, home
        self._name = f"omg-test-{uuid4().hex[:8]}"
        keep = {key: os.environ[key] for key in ("PATH", "LANG", "LC_ALL", "PYTHONPYCACHEPREFIX") if key in os.environ}
        self.env = {**keep, "HOME": str(home), "OMG_HOME": str(home), "LC_ALL": "C.UTF-8"}
        rc = home / "bashrc"
        rc.write_text("PS1='shell> '\n")
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), f"bash --rcfile {rc}")
        try:
            self.sees("shell>")
        except AssertionError:
            self.close()
            raise

    def _tmux(self, *words: str) -> str:
        command = ["tmux", "-L", self._name, *words]
        done = subprocess.run(command, capture_output=True, text=True, env=self.env, cwd=self.folder, check=False)
        return done.stdout

    def start(self, *words: str) -> None:
        """Run `omg` with these words, without waiting for it."""
        self.line(shlex.join([sys.executable, "-m", "omg", *words]))

    def line(self, text: str) -> None:
        self.type(text)
        self.press("Enter")

    def type(self, text: str) -> None:
        self._tmux("send-keys", "-l", "--", text)

    def press(self, *keys: str) -> None:
        self._tmux("send-keys", *keys)

    def screen(self, *, colours: bool = False) -> str:
        """All that is on the screen and above it."""
        return self._tmux("capture-pane", "-p", "-S", "-500", *(["-e"] if colours else []))

    @property
    def bottom(self) -> str:
        """The last line that holds anything."""
        return next((line for line in reversed(self.screen().splitlines()) if line.strip()), "")

    def sees(self, text: str, count: int = 1) -> None:
        """Wait until `text` is there that many times."""
        self.until(lambda: self.screen().count(text) >= count, f"{text!r} {count} times")

    def until(self, reached: Callable[[], bool], what: str) -> None:
        for _ in range(400):
            if reached():
                return
            time.sleep(0.05)
        raise AssertionError(f"never saw {what}:\n{self.screen()}")

    def omg(self, *words: str) -> str:
        """What `omg` prints for these words."""
        command = [sys.executable, "-m", "omg", *words]
        return subprocess.run(command, capture_output=True, text=True, env=self.env, cwd=self.folder, check=True).stdout

    def processes(self) -> list[int]:
        """The ids of the REPLs in it."""
        (shell,) = self._tmux("list-panes", "-F", "#{pane_pid}").split()
        done = subprocess.run(["pgrep", "-P", shell], capture_output=True, text=True, check=False)
        return [int(id) for id in done.stdout.split()]

    def close(self) -> None:
        self._tmux("kill-server")


def harbour(tmp_path: Path) -> tuple[Path, Path]:
    """(a folder with something to ask about, a home)."""
    folder, home = tmp_path / "harbour", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    (folder / "harbour.py").write_text(HARBOUR)
    return folder, home
