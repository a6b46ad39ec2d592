"""How many tokens some bytes will be: learnt from what the provider has counted, by what the bytes are made of."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable, Sequence

from omg.cache.pictures import IMAGE
from omg.core.images import measured
from omg.core.images import tokens as image_tokens

_WORD = re.compile(rb"[A-Za-z]+")
_LETTERS = bytes([*range(65, 91), *range(97, 123)])
_DIGITS = bytes(range(48, 58))
_SPACES = b" \t\r\n"
_HIGH = bytes(range(128, 256))

_DATA = re.compile(rb'"data":"([A-Za-z0-9+/=]*)"')
_BEGINNING = 64 * 1024
"""Characters of an image in base64 that tell its size; else it is taken for a large one."""
_LARGE = 1600.0

# Messages, blocks, words, letters, digits, spaces, high bytes, whatever else, and tokens of images by their size:
# tokens that one of each makes, before anything has been learnt. From the rule of thumb of four characters a token for
# English and code.
_FIRST_WEIGHTS = (3.0, 4.0, 0.55, 0.12, 0.4, 0.05, 0.35, 0.45, 1.0)
_FIRST_DOUBT = (4.0, 4.0, 0.05, 0.002, 0.05, 0.02, 0.05, 0.05, 0.05)
"""How far from the truth each of them may be (a variance): how fast it is learnt."""

Features = tuple[float, ...]


def features(body: bytes, blocks: int) -> Features:
    """What a sealed message with `blocks` blocks is made of."""
    images = 0.0
    if IMAGE in body:
        images = sum(_image(found[1]) for found in _DATA.finditer(body))
        body = _DATA.sub(b"", body)
    letters = len(body) - len(body.translate(None, _LETTERS))
    digits = len(body) - len(body.translate(None, _DIGITS))
    spaces = len(body) - len(body.translate(None, _SPACES))
    high = len(body) - len(body.translate(None, _HIGH))
    rest = len(body) - letters - digits - spaces - high
    return (1.0, float(blocks), float(len(_WORD.findall(body))), letters, digits, spaces, high, rest, images)


def _image(data: bytes) -> float:
    found = measured(b64decode(data[:_BEGINNING]))
    return image_tokens(found.width, found.height) if found else _LARGE


def added(parts: Iterable[Features]) -> Features:
    """The features of several messages together."""
    return tuple(map(sum, zip(*parts, strict=True)))


class Estimator:
    """Linear in the features, fitted by recursive least squares with errors weighed by their size."""

    def __init__(self) -> None:
        self._weights = list(_FIRST_WEIGHTS)
        self._doubt = [
            [value if row == column else 0.0 for column in range(len(_FIRST_DOUBT))]
            for row, value in enumerate(_FIRST_DOUBT)
        ]

    def estimate(self, found: Features) -> int:
        """Tokens of something with these features; at least 1."""
        return max(1, round(_dot(self._weights, found)))

    def learn(self, found: Features, tokens: int) -> None:
        """Take one count of the provider's into account. An error of a few per cent is taken for noise."""
        if tokens <= 0:
            return
        noise = max(1.0, (0.01 * tokens) ** 2)
        gain_by = [_dot(row, found) for row in self._doubt]
        scale = noise + _dot(gain_by, found)
        error = tokens - _dot(self._weights, found)
        self._weights = [weight + error * gain / scale for weight, gain in zip(self._weights, gain_by, strict=True)]
        self._doubt = [
            [value - gain * other / scale for value, other in zip(row, gain_by, strict=True)]
            for row, gain in zip(self._doubt, gain_by, strict=True)
        ]


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))
