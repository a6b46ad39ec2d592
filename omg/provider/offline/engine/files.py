"""Look at files: show one, outline one, list them, find a text in them."""

from __future__ import annotations

import re

from omg.provider.offline.engine.places import Place, block, count, listing, read_page, read_search
from omg.provider.offline.engine.survey import File
from omg.provider.offline.engine.work import Ask, Step, Work, failure

_LINES = 200
_OUTLINE = 80
_PATHS = 60
_FOUND = 20
_PAGES = 5
_HEADING = re.compile(r"#{1,6} \S")


def show(path: str, first: int | None, last: int | None) -> Work:
    """Read a file, or lines `first` to `last` of it, and show what came."""
    span: dict[str, object] = {}
    if first is not None:
        span = {"offset": first, "limit": max((last or first) - first + 1, 1)}
    (outcome,) = yield (Ask("read", {"path": path, **span}),)
    if outcome.failed:
        return failure("read", outcome)
    page = read_page(outcome)
    lines = page.text.rstrip("\n").split("\n")
    title = f"`{path}`" + (f", lines {first} to {last or first}" if first is not None else "")
    rest = f"\n\nand {count(len(lines) - _LINES, 'more line')}." if len(lines) > _LINES else ""
    more = "\n\nThe file goes on behind that." if page.partial and not rest and first is None else ""
    return f"{title}:\n\n{block(lines[:_LINES])}{rest}{more}"


def outline(path: str) -> Work:
    """Read a file, page by page, and list its definitions."""
    text, partial, refusal = yield from _whole(path)
    if refusal:
        return refusal
    lines = text.rstrip("\n").split("\n")
    more = "\n\nI read only a part of the file, so there may be more." if partial else ""
    file = File(path, text)
    if file.language is None:
        return _without_language(path, lines) + more
    places = [Place(path, each.line, "  " * _depth(each.owner) + each.text) for each in file.definitions]
    if not places:
        return f"I found no definitions in `{path}` ({count(len(lines), 'line')}).{more}"
    return f"`{path}` has {count(len(places), 'definition')}:\n\n{listing(places, _OUTLINE)}{more}"


def _whole(path: str) -> Step[tuple[str, bool, str]]:
    """The text of a file, whether it ends early, and what went wrong where nothing could be read."""
    text, offset = "", 1
    for _ in range(_PAGES):
        (outcome,) = yield (Ask("read", {"path": path, "offset": offset} if offset > 1 else {"path": path}),)
        if outcome.failed:
            return text, True, "" if text else failure("read", outcome)
        page = read_page(outcome)
        text += page.text
        if not page.partial:
            return text, False, ""
        offset += page.text.count("\n")
    return text, True, ""


def _without_language(path: str, lines: list[str]) -> str:
    headings = [Place(path, number, line) for number, line in enumerate(lines, 1) if _HEADING.match(line)]
    if headings and path.endswith((".md", ".markdown")):
        return f"`{path}` has {count(len(headings), 'heading')}:\n\n{listing(headings, _OUTLINE)}"
    return f"I do not know the language of `{path}`, so I cannot outline it. It begins:\n\n{block(lines[:20])}"


def _depth(owner: str) -> int:
    return len(owner.split(".")) if owner else 0


def list_files(pattern: str, path: str | None) -> Work:
    """List files by a glob."""
    given: dict[str, object] = {"pattern": pattern, **({"path": path} if path else {})}
    (outcome,) = yield (Ask("glob", given),)
    if outcome.failed:
        return failure("glob", outcome)
    page = read_page(outcome)
    paths = [line for line in page.text.split("\n") if line.strip()]
    if not paths or re.match(r"no (?:files?|match\w*)\b", paths[0], re.I):
        return f"No file matches `{pattern}`."
    rest = f"\n\nand {len(paths) - _PATHS} more." if len(paths) > _PATHS else ""
    more = "\n\nThere are more than the tool told." if page.partial else ""
    return f"`{pattern}`{f' in `{path}`' if path else ''}:\n\n{block(paths[:_PATHS])}{rest or more}"


def find_text(text: str) -> Work:
    """Find a text as it stands."""
    (outcome,) = yield (Ask("grep", {"pattern": re.escape(text)}),)
    if outcome.failed:
        return failure("grep", outcome)
    found = read_search(outcome)
    if not found.places:
        return f"`{text}` does not occur in the files that were searched."
    files = len({place.path for place in found.places})
    more = " The search was cut short, so there may be more." if found.cut else ""
    head = f"`{text}` stands on {count(len(found.places), 'line')} of {count(files, 'file')}.{more}"
    return f"{head}\n\n{listing(found.places, _FOUND)}"
