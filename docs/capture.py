"""Make the README's pictures: drive OMG in a real terminal (tmux) and save what is on the screen as SVG."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.text import Text

HERE = Path(__file__).resolve().parent
WIDTH, HEIGHT = 104, 44
SESSION = "omg-capture"


def tmux(*words: str) -> str:
    """Run one tmux command on a server of its own."""
    return subprocess.run(["tmux", "-L", SESSION, *words], check=True, capture_output=True, text=True).stdout


def screen_has(text: str, seconds: float = 30.0) -> None:
    """Wait until `text` is on the screen."""
    end = time.monotonic() + seconds
    while text not in tmux("capture-pane", "-t", SESSION, "-p"):
        if time.monotonic() > end:
            raise SystemExit(f"{text!r} never came on the screen")
        time.sleep(0.1)


def say(words: str) -> None:
    tmux("send-keys", "-t", SESSION, "-l", words)
    tmux("send-keys", "-t", SESSION, "Enter")


def save(name: str, title: str) -> None:
    """The screen as it is, in colour."""
    lines = tmux("capture-pane", "-t", SESSION, "-p", "-e").rstrip("\n")
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(lines))
    picture = console.export_svg(title=title)
    # The fonts that rich names would be fetched from elsewhere by whoever looks: any monospaced one will do.
    picture = re.sub(r"@font-face \{.*?\}", "", picture, flags=re.DOTALL).replace("Fira Code", "ui-monospace")
    (HERE / f"{name}.svg").write_text(picture, "utf-8")


def main() -> None:
    omg = Path(sys.executable).parent / "omg"
    with tempfile.TemporaryDirectory() as home:
        env = {name: value for name, value in os.environ.items() if not name.startswith(("ANTHROPIC", "OMG"))}
        command = f"env OMG_HOME={home} {omg} --repl"
        subprocess.run(
            ["tmux", "-L", SESSION, "new-session", "-d", "-s", SESSION, "-x", str(WIDTH), "-y", str(HEIGHT), command],
            check=True,
            env=env,
            cwd=HERE.parent,
        )
        try:
            screen_has("opus")
            say("where is `Head` defined?")
            screen_has("other lines mention it")
            say("/fork what does Node do? | who uses canonical()? | where is the guard called?")
            screen_has("3 ready")
            time.sleep(0.5)
            save("repl", "omg")
            say("/quit")
        finally:
            subprocess.run(["tmux", "-L", SESSION, "kill-server"], check=False, capture_output=True)


if __name__ == "__main__":
    main()
