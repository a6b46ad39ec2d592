"""How many tokens some bytes will be: learnt from what the provider has counted, by what the bytes are made of."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from omg.cache.pictures import IMAGE
from omg.core.images import measured
from omg.core.images import tokens as image_tokens

_WORD = re.compile(rb"[A-Za-z]+")
_LONG = re.compile(rb"(?<=[A-Za-z]{6})[A-Za-z]")
_NUMBER = re.compile(rb"[0-9]+")
_PUNCTUATION = re.compile(rb"[!-/:-@\[-`{-~]+")
_GAP = re.compile(rb"  +")
_LETTERS = bytes([*range(65, 91), *range(97, 123)])
_DIGITS = bytes(range(48, 58))
_HIGH = bytes(range(128, 256))
_SIGNS = bytes([*range(33, 48), *range(58, 65), *range(91, 97), *range(123, 127)])

_DATA = re.compile(rb'"data":"([A-Za-z0-9+/=]*)"')
_BEGINNING = 64 * 1024
"""Characters of an image in base64 that tell its size; else it is taken for a large one."""
_LARGE = 1600.0

Features = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Feature:
    """One thing that is counted. `weight`: tokens that each makes, before anything has been learnt; `doubt`: how far
    from the truth that may be (a standard deviation), which says how fast it is learnt."""

    name: str
    weight: float
    doubt: float


# From the rule of thumb of four characters a token for English and code. A block's JSON around its content is counted
# with the content, and is less than that to the provider: hence what a block makes is below nothing.
_FEATURES = (
    _Feature("messages", 4.0, 2.0),
    _Feature("text blocks", -8.0, 8.0),
    _Feature("tool calls", -8.0, 8.0),
    _Feature("tool results", -8.0, 8.0),
    _Feature("words", 0.85, 0.3),
    _Feature("letters", 0.05, 0.12),
    _Feature("letters behind the sixth of a word", 0.1, 0.4),
    _Feature("numbers", 0.6, 0.6),
    _Feature("digits", 0.2, 0.3),
    _Feature("runs of punctuation", 0.5, 0.4),
    _Feature("punctuation", 0.25, 0.3),
    _Feature("gaps", 0.6, 0.6),
    _Feature("spaces in gaps", 0.03, 0.06),
    _Feature("lines", 0.5, 0.6),
    _Feature("bytes beyond ASCII", 0.35, 0.3),
    _Feature("heads", 290.0, 30.0),
    _Feature("tokens said", 1.0, 0.05),
    _Feature("tokens of images, by their size", 1.0, 0.2),
)
_CONTENT = slice(4, 15)
"""The features that grow and shrink together, with the tokenizer."""
_COMMON = 0.1
"""By how much, in parts, all of those may be off together: tokenizers differ by as much."""


def features(body: bytes, *, message: bool, texts: int = 0, calls: int = 0, results: int = 0) -> Features:
    """What some bytes of a sealed message are made of; `message`: whether one begins in them."""
    images = 0.0
    if IMAGE in body:
        images = sum(_image(found[1]) for found in _DATA.finditer(body))
        body = _DATA.sub(b"", body)
    plain = body.replace(b"\\n", b"\n").replace(b'\\"', b'"')
    return (float(message), float(texts), float(calls), float(results), *_content(plain), 0.0, 0.0, images)


def _image(data: bytes) -> float:
    found = measured(b64decode(data[:_BEGINNING]))
    return image_tokens(found.width, found.height) if found else _LARGE


def of_head(body: bytes) -> Features:
    """What a head is made of. Behind its tools the provider has an instruction of its own, of about 290 tokens with
    models of this generation (pricing page, "tool use", August 2026)."""
    return (0.0, 0.0, 0.0, 0.0, *_content(body.replace(b"\\n", b"\n")), 1.0, 0.0, 0.0)


def of_reply(tokens: float, *, texts: int, calls: int) -> Features:
    """A reply of so many tokens by the provider's own count: only what is put around it has to be guessed."""
    return (1.0, float(texts), float(calls), *(0.0,) * 13, tokens, 0.0)


def _content(plain: bytes) -> tuple[float, ...]:
    gaps = _GAP.findall(plain)
    return (
        float(len(_WORD.findall(plain))),
        _count(plain, _LETTERS),
        float(len(_LONG.findall(plain))),
        float(len(_NUMBER.findall(plain))),
        _count(plain, _DIGITS),
        float(len(_PUNCTUATION.findall(plain))),
        _count(plain, _SIGNS),
        float(len(gaps)),
        float(sum(map(len, gaps))),
        float(plain.count(b"\n")),
        _count(plain, _HIGH),
    )


def _count(body: bytes, kinds: bytes) -> float:
    return float(len(body) - len(body.translate(None, kinds)))


def added(parts: Iterable[Features]) -> Features:
    """The features of several messages together."""
    return tuple(map(sum, zip(*parts, strict=True)))


class Estimator:
    """Linear in the features, fitted by recursive least squares with errors weighed by their size."""

    def __init__(self) -> None:
        self._weights = [each.weight for each in _FEATURES]
        self._doubt = _first_doubt()

    def estimate(self, found: Features) -> int:
        """Tokens of something with these features; at least 1."""
        return max(1, round(_dot(self._weights, found)))

    def learn(self, found: Features, tokens: int) -> None:
        """Take one count of the provider's into account. An error of two in a thousand is taken for
        noise."""
        if tokens <= 0:
            return
        noise = max(1.0, (0.002 * tokens) ** 2)
        gain_by = [_dot(row, found) for row in self._doubt]
        scale = noise + _dot(gain_by, found)
        error = tokens - _dot(self._weights, found)
        self._weights = [weight + error * gain / scale for weight, gain in zip(self._weights, gain_by, strict=True)]
        self._doubt = [
            [value - gain * other / scale for value, other in zip(row, gain_by, strict=True)]
            for row, gain in zip(self._doubt, gain_by, strict=True)
        ]


def _first_doubt() -> list[list[float]]:
    """Each weight by itself, and those of all content together (a covariance)."""
    common = [0.0] * len(_FEATURES)
    common[_CONTENT] = [_COMMON * each.weight for each in _FEATURES[_CONTENT]]
    return [
        [common[row] * common[column] + (each.doubt**2 if row == column else 0.0) for column in range(len(_FEATURES))]
        for row, each in enumerate(_FEATURES)
    ]


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))
