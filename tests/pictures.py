"""The smallest files that are images, of any size that a test says."""

import struct
import zlib


def png(width: int = 3, height: int = 2) -> bytes:
    """A grey PNG."""
    rows = b"".join(b"\0" + bytes(width) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_part(kind, data) for kind, data in parts)


def _part(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def jpeg(width: int, height: int, before: int = 0) -> bytes:
    """The beginning of a JPEG, with `before` bytes of a segment that says nothing of its size."""
    other = b"\xff\xe1" + struct.pack(">H", before + 2) + bytes(before) if before else b""
    frame = b"\xff\xc0" + struct.pack(">HBHH", 17, 8, height, width) + bytes(10)
    return b"\xff\xd8" + b"\xff\xff" + other + frame + b"\xff\xd9"
