"""Globs as regular expressions over a path's text: `*` stays in a folder, `**` crosses folders."""

from __future__ import annotations

import re

from omg.core.tool import ToolError

_BRACES = re.compile(r"\{([^{}]*,[^{}]*)\}")
_PART = re.compile(r"(?P<star>\*+)|(?P<any>\?)|\[(?P<not>[!^]?)(?P<set>\]?[^\]]*)\]|\\(?P<escaped>.)|(?P<char>.)", re.S)
_MOST_CHOICES = 500


def compile_glob(pattern: str) -> re.Pattern[str]:
    """An expression whose `fullmatch` says whether a relative path matches. Knows `*`, `?`, `[a-z]`, `[!a]`,
    `{a,b}`, `**` as a whole folder name, and `\\` before a character meant as it is. Raises ToolError."""
    choices = "|".join(_path(choice) for choice in _choices(pattern))
    try:
        return re.compile(choices, re.DOTALL)
    except re.error as error:
        raise ToolError(f"{pattern!r} is not a glob: {error}") from error


def _choices(pattern: str) -> list[str]:
    """`pattern` once for every choice in its braces, innermost first."""
    braces = _BRACES.search(pattern)
    if braces is None:
        return [pattern]
    found: list[str] = []
    for choice in braces[1].split(","):
        found += _choices(pattern[: braces.start()] + choice + pattern[braces.end() :])
        if len(found) > _MOST_CHOICES:
            raise ToolError(f"the glob has more than {_MOST_CHOICES} choices in braces")
    return found


def _path(pattern: str) -> str:
    """Stretches of folder names between `**`. All but the last stretch may take the first place where they
    match (a later one leaves less to match, never more), so nothing is tried twice: time stays linear."""
    stretches: list[list[str]] = [[]]
    for name in pattern.removeprefix("./").split("/"):
        if name == "**":
            stretches.append([])
        elif name:
            stretches[-1].append(_name(name))
    first, *rest = ("/".join(names) for names in stretches)
    if not rest:
        return first
    *middle, last = rest
    crossing = "".join(f"(?>(?:[^/]+/)*?{names}/)" for names in middle if names)
    ending = f"(?:[^/]+/)*{last}" if last else ".+"
    return (f"{first}/" if first else "") + crossing + ending


def _name(pattern: str) -> str:
    """One folder's or file's name; the same argument as in `_path`, for `*`."""
    pieces = [""]
    for part in _PART.finditer(pattern):
        if part["star"]:
            pieces.append("")
        else:
            pieces[-1] += _one(part)
    first, *rest = pieces
    if not rest:
        return first
    *middle, last = rest
    return first + "".join(f"(?>[^/]*?{piece})" for piece in middle if piece) + "[^/]*" + last


def _one(part: re.Match[str]) -> str:
    """What matches the one character that `part` of a glob stands for."""
    if part["any"]:
        return "[^/]"
    if part["set"] is not None:
        inside = re.sub(r"([^\w-])", r"\\\1", part["set"])
        return f"[^/{inside}]" if part["not"] else f"(?!/)[{inside}]"
    return re.escape(part["escaped"] or part["char"])
