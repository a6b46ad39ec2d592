"""Text that every match of a pattern must contain, so that most files need no matching at all."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""
      \\(?P<punctuation>\W)                # a character meant as it is
    | (?P<gap>\\[dDwWsSbB]|[.^$])         # something that is no certain text
    | (?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])
    | (?P<open>\((?:\?:)?(?!\?))          # of the (?...) forms only (?:...): the others change what follows
    | (?P<close>\))
    | (?P<bar>\|)
    | (?P<quantifier>[*+?]|\{\d*(?:,\d*)?\})
    | (?P<char>[^\\\[(])
    """,
    re.VERBOSE | re.DOTALL,
)
_SHORTEST = 2
"""Characters: a shorter text is in nearly every file."""


def required(pattern: str) -> tuple[str, ...]:
    """ASCII texts of which every match of the Python `re` holds at least one; empty when none can be told.

    It errs on one side: what it does not understand whole, it says nothing of.
    """
    choices: list[list[str]] = [[""]]
    depth = at = 0
    while at < len(pattern):
        token = _TOKEN.match(pattern, at)
        if token is None:
            return ()
        at = token.end()
        depth += (token.lastgroup == "open") - (token.lastgroup == "close")
        if depth < 0:
            return ()
        if depth == 0:
            _take(token, choices)
    longest = [max(runs, key=len) for runs in choices]
    return tuple(longest) if depth == 0 and min(map(len, longest)) >= _SHORTEST else ()


def _take(token: re.Match[str], choices: list[list[str]]) -> None:
    """Extend the last run of the last choice by a certain character, or end it."""
    runs, text = choices[-1], token["punctuation"] or token["char"]
    if token["bar"]:
        choices.append([""])
    elif text and " " <= text <= "~":
        runs[-1] += text
    else:
        if token["quantifier"]:
            runs[-1] = runs[-1][:-1]  # it may be there no times
        runs.append("")
