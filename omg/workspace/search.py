"""Search the text of files, in processes that can be killed; `rg`, when there, only leaves files out beforehand."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from omg.core.tool import SearchOutcome, ToolError
from omg.workspace.grep_worker import Answer, Entry, Kept, Request
from omg.workspace.literal import required

MOST_MATCHES = 300
MOST_BYTES = 48_000
LIMIT = 20.0
"""Seconds for the search. A pattern that backtracks without end is stopped then."""

_WORKER = str(Path(__file__).with_name("grep_worker.py"))
_FEW = 500
"""Files below which one process is as fast as several, and `rg` not worth its start."""
_MOST_ARGUMENTS = 700_000
"""Bytes of file names on one command line: below the least limit of the systems we know (macOS, 1 MB)."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to. An entry's first field is an index into `names`."""

    names: Sequence[str]
    entries: Sequence[Entry]
    matches: int
    files: int


async def search(base: str, names: Sequence[str], pattern: str, context: int, *, rg: str | None = "rg") -> Found:
    """Find lines of the files `names`, relative to `base`, that match the Python `re` `pattern`, with `context`
    lines around them, in the order of `names`. `rg` is the program to look for on PATH, None to do without: the
    outcome is the same. Raises ToolError on a bad pattern and after 20 s."""
    literals = required(pattern)
    try:
        async with asyncio.timeout(LIMIT):
            program = shutil.which(rg) if rg and literals and len(names) > _FEW else None
            if program:
                names = await _holding(program, base, names, literals)
            return await _match(base, names, pattern, context, literals)
    except TimeoutError:
        raise ToolError(
            f"the search took more than {LIMIT:.0f} s and was stopped: narrow path or glob, or make the pattern simpler"
        ) from None


def outcome(found: Found, shown: Callable[[str], str]) -> SearchOutcome:
    """`found` as lines, with the files' names as `shown` gives them, and no more than the model should get."""
    kept = Kept(MOST_MATCHES, MOST_BYTES)
    lines: list[str] = []
    for entry in found.entries:
        index, number, is_match, text = entry
        mark = ":" if is_match else "-"
        line = f"{shown(found.names[index])}{mark}{number}{mark}{text}"
        kept.add(entry, len(line.encode("utf-8", "replace")) + 1)
        lines.append(line)
    lines = lines[: len(kept.entries)]
    shown_matches = sum(entry[2] for entry in kept.entries)
    return SearchOutcome(lines, found.matches, found.files, shown_matches < found.matches)


async def _match(base: str, names: Sequence[str], pattern: str, context: int, literals: Sequence[str]) -> Found:
    """Split `names` over processes and join what they find, in order."""
    count = min(4, os.cpu_count() or 1) if len(names) > _FEW else 1
    size = -(-len(names) // count) or 1
    starts = range(0, len(names) or 1, size)
    request: Request = {
        "pattern": pattern,
        "context": context,
        "literals": [*literals],
        "matches": MOST_MATCHES,
        "bytes": MOST_BYTES,
    }
    said = json.dumps(request).encode()
    answers = await asyncio.gather(*(_work(base, said, names[start : start + size]) for start in starts))
    entries: list[Entry] = []
    for start, answer in zip(starts, answers, strict=True):
        if answer["error"]:
            raise ToolError(f"the pattern is not a Python regular expression: {answer['error']}")
        entries += [(start + index, number, is_match, text) for index, number, is_match, text in answer["entries"]]
    return Found(
        names, entries, sum(answer["matches"] for answer in answers), sum(answer["files"] for answer in answers)
    )


async def _work(base: str, request: bytes, names: Sequence[str]) -> Answer:
    command = (sys.executable, "-I", "-S", "-W", "ignore", "-X", "utf8", _WORKER)
    status, output = await _ask(base, command, b"\0".join((request, *map(os.fsencode, names))))
    if status != 0:
        raise ToolError("the search failed: narrow path or glob, or use grep in the shell")
    return cast(Answer, json.loads(output))


async def _holding(program: str, base: str, names: Sequence[str], literals: Sequence[str]) -> Sequence[str]:
    """The `names` whose files hold one of `literals` as plain text. Should `rg` meet any trouble: all of them."""
    wanted = [word for literal in literals for word in ("-e", literal)]
    # -a: what is binary is decided in one place, the worker. ./ because a bare "-" means standard input.
    options = ("--no-config", "--no-messages", "-l", "-0", "-a", "-F", *wanted, "--")
    holding: set[bytes] = set()
    for batch in _batches(names):
        status, output = await _ask(base, (program, *options, *(f"./{name}" for name in batch)), b"")
        if status not in (0, 1):
            return names
        holding.update(name.removeprefix(b"./") for name in output.split(b"\0"))
    return [name for name in names if os.fsencode(name) in holding]


def _batches(names: Sequence[str]) -> Iterator[Sequence[str]]:
    start = size = 0
    for index, name in enumerate(names):
        # Beside its bytes an argument takes a pointer, and a byte may be three in a name that does not decode.
        size += len(os.fsencode(name)) + 16
        if size > _MOST_ARGUMENTS:
            yield names[start:index]
            start, size = index, 0
    yield names[start:]


async def _ask(folder: str, command: Sequence[str], said: bytes) -> tuple[int | None, bytes]:
    """Run a program to its end: its status and output. It does not outlive a cancellation."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        output, _ = await process.communicate(said)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, output
