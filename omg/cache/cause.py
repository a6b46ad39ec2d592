"""Why a request read less from the cache than it might have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "ttl_lapse",
    "below_minimum",
    "look_back",
    "not_yet_readable",
    "another_head",
    "another_account",
    "model_change",
    "markers_ignored",
    "evicted",
    "unexplained",
]

_WORDS: dict[Kind, str] = {
    "ttl_lapse": "ttl lapse",
    "below_minimum": "below the minimum",
    "look_back": "look-back exceeded",
    "not_yet_readable": "not yet readable",
    "another_head": "another head",
    "another_account": "another organisation or workspace",
    "model_change": "model or parameter change",
    "markers_ignored": "markers not honoured",
    "evicted": "evicted by the provider",
    "unexplained": "unexplained",
}


def kind_of(text: str | None) -> Kind | None:
    """The kind of a cause that was put in words; None for none."""
    return next((kind for kind, words in _WORDS.items() if text is not None and text.startswith(words)), None)


@dataclass(frozen=True, slots=True)
class Cause:
    """One named cause, the tokens that were not read for it, and what there is to say beside."""

    kind: Kind
    tokens: int
    detail: str = ""

    def __str__(self) -> str:
        words = _WORDS[self.kind]
        return f"{words} ({self.detail})" if self.detail else words
