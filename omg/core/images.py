"""Images by their first bytes: what kind a file is, how large, and how many tokens it will be. Pure."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from omg.core.spoken import ImageType

LARGEST = 5 * 1024 * 1024
"""Bytes of one image in base64 that the API takes (vision docs)."""
WIDEST = 8000
"""Pixels of either side that the API takes (vision docs)."""
MANY = 20
"""Images in one request above which each side may have `WIDEST_OF_MANY` pixels only (vision docs)."""
WIDEST_OF_MANY = 2000
_SHOWN = 1568
"""Pixels of the longer side that a larger image is scaled down to before the model sees it (vision docs)."""
_PIXELS_A_TOKEN = 750
_MOST_TOKENS = 1600


@dataclass(frozen=True, slots=True)
class Measured:
    """What the first bytes of an image say."""

    type: ImageType
    width: int
    height: int


def measured(data: bytes) -> Measured | None:
    """The kind and size of an image from the beginning of its file (64 KiB are mostly enough); None where it is none
    of the four kinds that the API takes, or its size cannot be told."""
    try:
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            return _of("image/png", *struct.unpack(">II", data[16:24]))
        if data[:6] in (b"GIF87a", b"GIF89a"):
            return _of("image/gif", *struct.unpack("<HH", data[6:10]))
        if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
            return _webp(data)
        return _jpeg(data) if data.startswith(b"\xff\xd8\xff") else None
    except (struct.error, IndexError):
        return None


def _of(type: ImageType, width: int, height: int) -> Measured | None:
    return Measured(type, width, height) if width and height else None


def _webp(data: bytes) -> Measured | None:
    match data[12:16]:
        case b"VP8X":
            width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        case b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = (size & 0x3FFF for size in struct.unpack("<HH", data[26:30]))
        case _:
            return None
    return _of("image/webp", width, height) if len(data) >= 30 else None


def _jpeg(data: bytes) -> Measured | None:
    """Go from segment to segment until the one that holds the frame's size."""
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            return None
        kind = data[at + 1]
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return _of("image/jpeg", width, height)
        stands_alone = kind == 0x01 or 0xD0 <= kind <= 0xD8 or kind == 0xFF
        at += (1 if kind == 0xFF else 2) if stands_alone else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def tokens(width: int, height: int) -> int:
    """Tokens of an image, roughly: its pixels, after it has been scaled down, by 750 (vision docs)."""
    scale = min(1.0, _SHOWN / max(width, height, 1))
    return max(1, min(_MOST_TOKENS, round(width * scale * height * scale / _PIXELS_A_TOKEN)))
