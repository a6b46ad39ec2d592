"""A session's title, made from the person's first words: no request is spent on it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from omg.core.hidden import HIDDEN

LONGEST = 80
"""Characters of a title."""
FIRST = 3
"""How many of the person's first words are looked at, until one says something."""

_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_URL = re.compile(r"\bhttps?://(?:www\.)?([^\s/?#]+)[^\s]*")
# Absolute, or from here or home, or named with @, or with a file's ending: `either/or` is none.
_PATH = re.compile(
    r"(?<![\w/.@~])(?:@?(?:~|\.{1,2})?/(?:[\w.+-]+/)*|@(?:[\w.+-]+/)+|(?:[\w.+-]+/)+(?=[\w+-][\w.+-]*\.\w))"
    r"([\w.+-]*[\w+-])/?(?=[\s,;:!?.)\]'\"`]|$)"
)
_SENTENCE = re.compile(r"(?<=[\w)\]'\"`][.!?…])\s+(?=\S)|\n\s*\n")
_CLIPPED = 2000
"""Characters of a message that are looked at."""
_SHORT = 3
"""Words below which a message is taken for a greeting, or for `go on`."""


def derived(first: Sequence[str]) -> str:
    """A title from the person's first messages: the first sentence of the first one that says something, its paths cut
    down to names, its code left out. Empty where there are no words."""
    titles = [title for title in map(shortened, first[:FIRST]) if title]
    return next((title for title in titles if len(title.split()) >= _SHORT), titles[0] if titles else "")


def shortened(text: str) -> str:
    """One message as a title: one line of at most LONGEST characters."""
    text = clean(text[:_CLIPPED]).strip()
    bare = _FENCE.sub(" ", text).strip() or text
    bare = _PATH.sub(r"\1", _URL.sub(r"\1", bare))
    sentence = " ".join(_SENTENCE.split(bare, maxsplit=1)[0].split())
    return cut(sentence.removesuffix(".").rstrip(), LONGEST)


def cut(text: str, most: int) -> str:
    """`text` with what is too long left out: at the end of a word where one is near."""
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    word = kept.rfind(" ")
    return (kept[:word] if word > most // 2 else kept) + "…"


def clean(text: str) -> str:
    """`text` with a space for each character that no screen shows as it is, and that could not be stored."""
    return HIDDEN.sub(" ", text)
