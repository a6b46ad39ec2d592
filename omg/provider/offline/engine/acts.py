"""Act: run a command, replace text in a file, create a file."""

from __future__ import annotations

import re

from omg.provider.offline.engine.places import Place, block, count, listing, read_page
from omg.provider.offline.engine.work import Ask, Work, failure

_STATUS = re.compile(r"\bexit(?:ed)? (?:status|code|with)[ :]*(\d+)", re.I)
_OUTPUT = 60
_CHANGED = 10


def run(command: str) -> Work:
    """Run a command and show what the shell tool said of it."""
    (outcome,) = yield (Ask("shell", {"command": command}),)
    if outcome.refused:
        return f"`{command}` was not run: {outcome.reason}"
    lines = outcome.text.rstrip("\n").split("\n")
    shown = lines
    if len(lines) > _OUTPUT:
        middle = f"… {len(lines) - _OUTPUT} lines left out …"
        shown = [*lines[: _OUTPUT // 2], middle, *lines[-_OUTPUT // 2 :]]
    status = _STATUS.search(lines[-1])
    ended = f"`{command}` ended with exit status {status[1]}:" if status else f"I ran `{command}`:"
    head = f"`{command}` failed:" if outcome.is_error else ended
    return f"{head}\n\n{block(shown)}" if outcome.text.strip() else f"{head[:-1]}; it printed nothing."


def replace(path: str, old: str, new: str) -> Work:
    """Read the file, replace every occurrence of `old`, and say which lines changed."""
    if not old:
        return "I was given nothing to replace."
    (seen,) = yield (Ask("read", {"path": path}),)
    if seen.failed:
        return f"{failure('read', seen)}\n\nNothing was changed."
    text = read_page(seen).text
    times = text.count(old)
    if not times:
        return f"`{old}` does not occur in what I read of `{path}`. Nothing was changed."
    given: dict[str, object] = {"path": path, "old": old, "new": new}
    (done,) = yield (Ask("edit", {**given, "all": True} if times > 1 else given),)
    if done.failed:
        return f"{failure('edit', done)}\n\nNothing was changed."
    changed = listing(_changed(path, text, old, new), _CHANGED)
    return f"In `{path}` I replaced `{old}` with `{new}` in {count(times, 'place')}:\n\n{changed}"


def _changed(path: str, before: str, old: str, new: str) -> list[Place]:
    pieces = before.split(old)
    after = before.replace(old, new).split("\n")
    numbers: list[int] = []
    line = 1
    for piece in pieces[:-1]:
        line += piece.count("\n")
        numbers.append(line)
        line += new.count("\n")
    return [Place(path, number, after[number - 1]) for number in dict.fromkeys(numbers)]


def create(path: str, content: str) -> Work:
    """Write a file."""
    (done,) = yield (Ask("write", {"path": path, "content": content}),)
    if done.failed:
        return f"{failure('write', done)}\n\nNothing was written."
    lines = content.removesuffix("\n").count("\n") + 1 if content else 0
    return f"I wrote {count(lines, 'line')} to `{path}`."
