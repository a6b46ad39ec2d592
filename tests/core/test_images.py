"""What the first bytes of a file say of an image: its kind and size, or that it is none."""

import struct

import pytest

from omg.core.images import Measured, measured, tokens
from tests.pictures import jpeg, png

GIF = b"GIF89a" + struct.pack("<HH", 40, 30) + bytes(20)
LOSSLESS = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + (99 | 49 << 14).to_bytes(4, "little") + bytes(10)
LOSSY = b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 640, 480)
EXTENDED = b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0" + (1919).to_bytes(3, "little") + (1079).to_bytes(3, "little")


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (png(300, 200), Measured("image/png", 300, 200)),
        (jpeg(1024, 768), Measured("image/jpeg", 1024, 768)),
        (jpeg(1024, 768, before=60_000), Measured("image/jpeg", 1024, 768)),
        (GIF, Measured("image/gif", 40, 30)),
        (LOSSLESS, Measured("image/webp", 100, 50)),
        (LOSSY, Measured("image/webp", 640, 480)),
        (EXTENDED, Measured("image/webp", 1920, 1080)),
    ],
)
def test_kind_and_size_are_in_the_first_bytes(data, found):
    assert measured(data) == found


@pytest.mark.parametrize(
    "data",
    [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"<svg/>", b"BM" + bytes(60), png(0, 5), b"RIFF1234WEBPxxxx"],
)
def test_what_is_no_image_is_said_to_be_none(data):
    assert measured(data) is None


def test_tokens_grow_with_the_pixels_up_to_what_is_shown():
    assert tokens(750, 100) == 100
    assert tokens(8000, 8000) == 1600
    assert tokens(8000, 10) < tokens(1568, 10)
    assert tokens(1, 1) == 1
