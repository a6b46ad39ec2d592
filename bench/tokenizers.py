"""Tokenizers of different character, to hold estimates against: none of them is a provider's, nor like another."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from bench.prompt import tokens

_WORD_PIECE = re.compile(r"[A-Za-z]+|\d|\\n|\\\"|[^\sA-Za-z\d]")
_CLASSES = re.compile(r"[A-Za-z]+|\d+|[ \n]+|\\n|[^\sA-Za-z\d]+")
_CODE = re.compile(r"[(){}\[\]=_<>:;\"\\/]")


@lru_cache(maxsize=100_000)
def word_pieces(text: str) -> int:
    """Words whole up to five letters and in pieces of three behind them, each digit and each sign by itself, and no
    token for a space."""
    return sum(1 + max(0, len(piece) - 3) // 3 if piece.isalpha() else 1 for piece in _WORD_PIECE.findall(text))


@lru_cache(maxsize=100_000)
def byte_classes(text: str) -> int:
    """Runs of bytes of one class: four letters, three digits, two signs or eight spaces a token."""
    sizes = {"alpha": 4, "digit": 3, "space": 8, "sign": 2}
    return sum(-(-len(run.encode()) // sizes[_class_of(run)]) for run in _CLASSES.findall(text))


def _class_of(run: str) -> str:
    return "alpha" if run.isalpha() else "digit" if run.isdigit() else "space" if run.isspace() else "sign"


@lru_cache(maxsize=100_000)
def heavy_on_code(text: str) -> int:
    """As the bench's own, and a third more where what is said is code or JSON."""
    signs = len(_CODE.findall(text))
    return round(tokens(text) * (1.3 if signs * 25 > len(text) else 1.0))


TOKENIZERS: Mapping[str, Callable[[str], int]] = {
    "pieces of words": tokens,
    "word pieces": word_pieces,
    "classes of bytes": byte_classes,
    "a third more on code": heavy_on_code,
}
