"""What was typed before, kept for every session and shared by the front ends: the file format is prompt-toolkit's."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

_MOST = 4 * 1024 * 1024
"""Bytes of the file that are read, from its end."""


def load(path: Path) -> list[str]:
    """The entries, the newest first; none where the file cannot be read. Slow for a long history: call it in a
    thread."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _MOST))
            text = file.read().decode("utf-8", "replace")
    except OSError:  # to read nothing is no trouble; not to write is, and is told then
        return []
    entries: list[str] = []
    lines: list[str] = []
    for line in [*text.split("\n"), ""]:
        if line.startswith("+"):
            lines.append(line[1:])
        elif lines:
            entries.append("\n".join(lines))
            lines = []
    return entries[::-1]


def keep(path: Path, text: str) -> None:
    """Add an entry, in a file that only its owner can read. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(f"+{line}\n" for line in text.encode("utf-8", "replace").decode().split("\n"))
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600), "ab") as file:  # noqa: PTH123 - the mode
        file.write(f"\n# {datetime.now()}\n{lines}".encode())
