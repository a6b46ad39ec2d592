"""Make the README's pictures: drive OMG in a real terminal (tmux) and save what is on the screen as SVG."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.text import Text

HERE = Path(__file__).resolve().parent
SESSION = "omg-capture"


def tmux(*words: str) -> str:
    """Run one tmux command on a server of its own."""
    return subprocess.run(["tmux", "-L", SESSION, *words], check=True, capture_output=True, text=True).stdout


def screen() -> str:
    return tmux("capture-pane", "-t", SESSION, "-p")


def screen_has(text: str, seconds: float = 60.0) -> None:
    """Wait until `text` is on the screen."""
    end = time.monotonic() + seconds
    while text not in screen():
        if time.monotonic() > end:
            raise SystemExit(f"{text!r} never came on the screen:\n{screen()}")
        time.sleep(0.1)


def say(words: str) -> None:
    tmux("send-keys", "-t", SESSION, "-l", words)
    tmux("send-keys", "-t", SESSION, "Enter")


def press(*keys: str) -> None:
    tmux("send-keys", "-t", SESSION, *keys)


def save(name: str, title: str, width: int) -> None:
    """The screen as it is, in colour."""
    lines = tmux("capture-pane", "-t", SESSION, "-p", "-e", "-N").rstrip("\n")
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(lines, no_wrap=True, overflow="crop"))
    picture = console.export_svg(title=title)
    # The fonts that rich names would be fetched from elsewhere by whoever looks: any monospaced one will do.
    picture = re.sub(r"@font-face \{.*?\}", "", picture, flags=re.DOTALL).replace("Fira Code", "ui-monospace")
    (HERE / f"{name}.svg").write_text(picture, "utf-8")


@contextmanager
def omg(width: int, height: int, *words: str) -> Generator[None]:
    """OMG at work on a clone of this repository, in a terminal of that size, with a home of its own."""
    program = Path(sys.executable).parent / "omg"
    with tempfile.TemporaryDirectory() as home:
        clone = Path(home) / "src/omg"
        subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{HERE.parent}", str(clone)], check=True)
        subprocess.run(["git", "checkout", "-q", "-B", "main"], check=True, cwd=clone)
        env = {name: value for name, value in os.environ.items() if not name.startswith(("ANTHROPIC", "OMG"))}
        (Path(home) / ".omg").mkdir()
        (Path(home) / ".omg/settings.toml").write_text('theme = "dark"\n')
        size = ["-x", str(width), "-y", str(height)]
        command = " ".join(
            ["env", "COLORTERM=truecolor", f"HOME={home}", f"OMG_HOME={home}/.omg", str(program), *words]
        )
        server = ["tmux", "-L", SESSION, "-f", "/dev/null"]
        subprocess.run([*server, "new-session", "-d", "-s", SESSION, *size, command], check=True, env=env, cwd=clone)
        tmux("set-option", "-ga", "terminal-overrides", ",*:Tc")
        try:
            yield
        finally:
            subprocess.run(["tmux", "-L", SESSION, "kill-server"], check=False, capture_output=True)


def the_screen() -> None:
    """The terminal UI: a question, three forks at work, the cache; then the tree."""
    with omg(150, 44):
        screen_has("day 1")
        say("where is `Head` defined?")
        screen_has("requests ·")
        say("/fork what does Node do? | who uses canonical()? | where is the guard called?")
        screen_has("running", 30)
        save("ui", "omg", 150)
        screen_has("3 ready")
        say("/join")
        screen_has("reports:")
        say("/tree")
        time.sleep(3)
        save("tree", "omg: the tree of a session", 150)
        say("/quit")


def the_lines() -> None:
    """The line REPL: the same in the terminal's own scrollback."""
    with omg(104, 44, "--repl"):
        screen_has("1.0M")
        say("where is `Head` defined?")
        screen_has("other lines mention it")
        say("/fork what does Node do? | who uses canonical()? | where is the guard called?")
        screen_has("3 ready")
        time.sleep(0.5)
        save("repl", "omg --repl", 104)
        say("/quit")


if __name__ == "__main__":
    the_screen()
    the_lines()
