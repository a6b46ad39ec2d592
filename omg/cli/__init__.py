"""The command line: the only place that reads settings, and hands values down."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run `omg`; its exit status. 0 done, 1 it failed, 2 wrong usage, 130 interrupted."""
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what a terminal or pipe cannot show must not end a session
            stream.reconfigure(errors="replace")
    if words in (["--version"], ["-V"]):
        from omg import __version__

        sys.stdout.write(f"omg {__version__}\n")
        return 0
    from omg.cli.run import run

    return run(words)
